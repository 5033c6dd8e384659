"""What follows from events: the actor, the order, and what is done where it does not succeed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import psycopg
import pytest

from oms_commands.orders.confirm import ConfirmOrder
from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound, Overloaded, Unavailable
from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work import cursors
from oms_ledger.engine.work.consequences import Consequence, PendingConsequence
from oms_ledger.kernel import Command, Log, Policy, Position, Recorded
from tests.databases import Database
from tests.engine.work.consequences import (
    FOLLOWING,
    LOCATION,
    SOURCE,
    cursor,
    expected,
    followed,
    install,
    ledger,
    on_hand,
    place_stock,
    receive,
    renamed,
    run_to_end,
)
from tests.engine.work.mortal import (
    Killed,
    all_read,
    finish,
    mortal,
)
from tests.serving.family import until


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with ledger(ready) as oms:
        yield oms


# What follows.


def test_what_follows_is_submitted_once_by_the_policy_and_because_of_the_event(oms: Oms) -> None:
    (position,) = place_stock(oms, 1)
    finish(oms)
    assert followed(oms) == expected([position])
    log = oms.readers.log()
    (cause,) = log.events(position - 1, 1)
    made = log.events(position, 100, [StockReceived.type])
    assert [r.meta.actor for r in made] == [SOURCE, SOURCE]
    assert {r.meta.causation_id for r in made} == {f"event:{position}"}
    assert {r.meta.correlation_id for r in made} == {cause.meta.correlation_id}
    names = (SOURCE, cause.meta.command_id, str(position))
    at = cause.meta.recorded_at
    assert [r.meta.command_id for r in made] == [
        derived_command_id(at, *names, "1"),
        derived_command_id(at, *names, "2"),
    ]


def test_a_new_policy_does_not_react_to_the_past(ready: Database) -> None:
    with ledger(ready) as oms:
        old = place_stock(oms, 3)
        finish(oms)
        newer = renamed(FOLLOWING, "when_stock_received_receive_even_more")
        install(ready, FOLLOWING, newer)
        oms.work.policies = (FOLLOWING, newer)
        assert cursor(oms, newer) == oms.readers.head()
        finish(oms)
        assert followed(oms) == expected(old)
        (new,) = place_stock(oms, 1, "S9")
        finish(oms)
        assert followed(oms) == expected([*old, new, new]), "by both policies"


def test_a_cursor_that_is_installed_is_left_alone(oms: Oms, ready: Database) -> None:
    place_stock(oms, 2)
    before = cursor(oms)
    install(ready)
    assert cursor(oms) == before < oms.readers.head()


def test_a_policy_sees_the_log_up_to_its_event(ready: Database) -> None:
    reactions: list[tuple[Position, int, int]] = []

    def react(recorded: Recorded, log: Log) -> Sequence[Command]:
        reactions.append((recorded.position, log.position, on_hand(log, "S")))
        return ()

    with ledger(ready, Policy("p", frozenset({StockReceived.type}), react)) as oms:
        outcomes = [oms.execute(receive("S", 5), actor="clerk") for _ in range(3)]
        finish(oms)
        assert reactions == [(o.position, o.position, 5 * n) for n, o in enumerate(outcomes, 1)]


def test_pages_end_where_there_are_commands_enough(oms: Oms) -> None:
    positions = place_stock(oms, 7)
    runner = mortal(oms, 0, page_commands=3, page_events=100)
    finish(oms, runner)
    assert runner.seams.passed.count("decided") >= 4
    assert followed(oms) == expected(positions)


def test_policies_that_are_at_different_places_are_each_read_to_the_end(ready: Database) -> None:
    slow = renamed(FOLLOWING, "slow")
    with ledger(ready) as oms:
        first = place_stock(oms, 5)
        finish(oms)
        install(ready, FOLLOWING, slow)
        oms.work.policies = (FOLLOWING, slow)
        then = place_stock(oms, 5, "S5")
        with ready.connect(Role.PROJECTOR) as connection:
            assert cursors.move(connection, [slow.name], cursor(oms, slow), then[2])
        finish(oms)
        assert followed(oms) == expected([*first, *then, *then[3:]])


# What does not succeed.


def confirm_nothing(recorded: Recorded, log: Log) -> Sequence[Command]:
    return [ConfirmOrder("no such order"), receive(f"F{recorded.position}-1")]


def test_a_refused_command_is_recorded_and_the_cursor_goes_on(ready: Database) -> None:
    names = Policy("when_received_confirm", frozenset({"stock.received.v1"}), _once_each)
    with ledger(ready, names) as oms:
        (position,) = place_stock(oms, 1)
        finish(oms)
        (refusal,) = oms.work.refusals()
        assert refusal[:6] == (
            "policy:when_received_confirm",
            f"{position}/1",
            position,
            f"stock-S0@{LOCATION}",
            "ConfirmOrder",
            "not_found",
        )
        assert followed(oms) == {f"F{position}-1": 1}, "the other one happened"
        assert oms.readers.refusal_counts() == {"policy:when_received_confirm": 1}
        with pytest.raises(NotFound):
            oms.work.retry(refusal.source, refusal.reference)
        (again,) = oms.work.refusals()
        assert again.attempts == 2
        oms.work.dismiss(refusal.source, refusal.reference)
        assert oms.work.refusals() == []
        with pytest.raises(NotFound, match="work refused"):
            oms.work.dismiss(refusal.source, refusal.reference)


def _once_each(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, StockReceived)
    return confirm_nothing(recorded, log) if event.sku.startswith("S") else ()


def test_a_refused_command_succeeds_once_when_its_cause_is_mended(ready: Database) -> None:
    mended = False

    def react(recorded: Recorded, log: Log) -> Sequence[Command]:
        event = recorded.event
        assert isinstance(event, StockReceived)
        if not event.sku.startswith("S"):
            return ()
        return [receive("F1") if mended else ConfirmOrder("no such order")]

    policy = Policy("p", frozenset({StockReceived.type}), react)
    with ledger(ready, policy) as oms:
        place_stock(oms, 1)
        finish(oms)
        (refusal,) = oms.work.refusals()
        mended = True
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("oms_ledger.engine.work.consequences.delete_refusal", _killed)
            with pytest.raises(Killed):
                oms.work.retry("policy:p", refusal.reference)
        assert followed(oms) == {"F1": 1}, "it was killed before the refusal was deleted"
        oms.work.retry("policy:p", refusal.reference)
        assert oms.work.refusals() == []
        assert followed(oms) == {"F1": 1}


def _killed(*_: object) -> bool:
    raise Killed


def test_a_policy_that_fails_holds_up_neither_the_others_nor_its_later_events(
    ready: Database,
) -> None:
    broken = True

    def react(recorded: Recorded, log: Log) -> Sequence[Command]:
        event = recorded.event
        assert isinstance(event, StockReceived)
        if broken and event.sku == "S1":
            raise ZeroDivisionError("a bug that names a person")
        return FOLLOWING.react(recorded, log)

    policy = Policy("fragile", FOLLOWING.event_types, react)
    with ledger(ready, policy, FOLLOWING) as oms:
        positions = place_stock(oms, 3)
        finish(oms)
        (failure,) = oms.work.refusals()
        assert (failure.source, failure.position) == ("policy:fragile", positions[1])
        assert (failure.command, failure.code) == (None, "ZeroDivisionError")
        assert followed(oms) == expected([*positions, positions[0], positions[2]])
        with pytest.raises(ZeroDivisionError):
            oms.work.retry(failure.source, failure.reference)
        broken = False
        oms.work.retry(failure.source, failure.reference)
        assert oms.work.refusals() == []
        assert followed(oms) == expected([*positions, *positions])


def test_an_event_that_cannot_be_decoded_is_recorded(oms: Oms, ready: Database) -> None:
    first, second = place_stock(oms, 2)
    with ready.connect_owner() as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            "UPDATE ledger_events SET state = '\\x00' WHERE notification_id = %s", (first,)
        )
    with oms.work.policy_runner() as runner:
        run_to_end(runner)
    (failure,) = oms.work.refusals()
    assert (failure.position, failure.command) == (first, None)
    assert cursor(oms) == oms.readers.head() > second


class Flaky:
    """A writer that is overloaded for some calls, after it has taken part of what it was given."""

    def __init__(self, oms: Oms, failures: int) -> None:
        self._submit = oms.work.submit
        self._left = failures

    def __call__(self, commands: Sequence[Consequence]) -> Sequence[PendingConsequence]:
        if self._left:
            self._left -= 1
            for pending in self._submit(commands[:1]):
                pending.result()
            raise Overloaded("full")
        return self._submit(commands)


def test_what_is_unavailable_is_submitted_again(oms: Oms) -> None:
    positions = place_stock(oms, 2)
    runner = mortal(oms, 0)
    runner._submit = Flaky(oms, 2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            runner.attempt(threading.Event())
        assert oms.work.refusals() == []
        assert followed(oms) == {f"F{positions[0]}-1": 1}
    finish(oms, runner)
    assert followed(oms) == expected(positions)


def test_a_lost_connection_is_replaced(oms: Oms, ready: Database) -> None:
    stop = threading.Event()
    with oms.work.policy_runner() as runner:
        assert runner.attempt(stop)
        with psycopg.connect(ready.url, autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND (query LIKE 'LISTEN%' OR query LIKE '%policy_cursors%')"
            )
        positions = place_stock(oms, 1)
        with pytest.raises(psycopg.OperationalError):
            runner.attempt(stop)
        until(lambda: runner.attempt(stop) and all_read(oms), "all is read")
    assert followed(oms) == expected(positions)


def test_it_is_woken_by_the_commit(oms: Oms) -> None:
    """Without waiting for the next look: by a notification."""
    stop = threading.Event()
    with pytest.MonkeyPatch.context() as patch, oms.work.policy_runner() as runner:
        patch.setattr("oms_ledger.engine.work.cursor_runner.POLL_SECONDS", 60.0)
        runner.step()
        thread = threading.Thread(target=lambda: [runner.attempt(stop) for _ in range(2)])
        thread.start()
        positions = place_stock(oms, 1)
        thread.join(30)
        assert not thread.is_alive()
        assert followed(oms) == expected(positions)
