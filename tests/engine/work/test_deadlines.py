"""What is due is done once, whatever ends the worker and however many of them run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_schedule import ReleaseScheduledOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.cli.ledger import build_command
from oms_ledger.domain.errors import ClockWrong, Overloaded, Refused, Unavailable
from oms_ledger.domain.orders.events import FulfilmentReleased
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.work.consequences import Consequence, PendingConsequence, Refusal
from oms_ledger.engine.work.deadlines import DeadlineRunner
from tests.database_reset import Databases
from tests.databases import Database
from tests.engine.work.mortal import Killed, Seams
from tests.serving.family import until

SOURCE = "deadline:scheduled_order"
HOUR = timedelta(hours=1)


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        _fill(oms)
        yield oms


@pytest.fixture(scope="module")
def shared(ready_ledgers: Databases) -> Iterator[Oms]:
    with ready_ledgers.lend() as database, open_prepared(database.settings) as oms:
        _fill(oms)
        yield oms


def _fill(oms: Oms) -> None:
    oms.execute(PutLocation("LON", "London"), actor="clerk")
    oms.execute(ReceiveStock(sku="A", location="LON", quantity=1_000_000), actor="clerk")


def schedule(oms: Oms, count: int, due: datetime) -> list[str]:
    """Confirmed orders that are not to be shipped before a time; their ids. The read models are up
    to date then."""
    fields = {
        "channel": "web",
        "currency": "GBP",
        "lines": [{"sku": "A", "quantity": 2, "unit_price": "1"}],
        "confirm": True,
        "fulfil_at": due,
    }
    orders = [
        str(oms.execute(build_command(PlaceOrder, fields), actor="clerk").answer["order_id"])
        for _ in range(count)
    ]
    oms.catch_up()
    return orders


class MortalRunner(DeadlineRunner):
    """Is killed at one of the seams between its steps."""

    seams = Seams(0)

    def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
        self.seams.reach("read")
        for n, command in enumerate(commands):
            super()._settle([command])
            self.seams.reach(f"submitted {n}")
        return super()._settle(commands)

    def _keep(self, refusals: Sequence[Refusal]) -> None:
        self.seams.reach("settled")
        super()._keep(refusals)
        self.seams.reach("recorded")


def mortal(oms: Oms, kill_at: int, now: datetime) -> MortalRunner:
    made = oms.work.deadline_runner()
    runner = MortalRunner(
        made._commands, made._source, made._submit, made._record, made._exclusive, lambda: now
    )
    runner.seams = Seams(kill_at)
    return runner


def run(oms: Oms, now: datetime) -> int:
    """Submit what is due by a time, in a new process; the number of commands."""
    return mortal(oms, 0, now).step()


def released(oms: Oms) -> Counter[str]:
    events = oms.readers.log().events(0, 100_000, [FulfilmentReleased.type])
    return Counter(r.event.key for r in events)


def count(oms: Oms) -> None:
    """Every deadline receives a unit of stock, under the id of its order: a command that does not
    notice that it was done before."""
    oms.work.deadlines = {
        "scheduled_order": lambda order_id, due_at: ReceiveStock(order_id, "LON", 1)
    }


def counted(oms: Oms) -> Counter[str]:
    events = oms.readers.log().events(0, 100_000, [StockReceived.type])
    skus = [r.event.sku for r in events if isinstance(r.event, StockReceived)]
    return Counter(sku for sku in skus if sku != "A")


def later() -> datetime:
    return datetime.now(UTC) + HOUR


def test_what_is_due_is_done_once_by_the_deadline_and_because_of_the_event(oms: Oms) -> None:
    due = later()
    (order_id,) = schedule(oms, 1, due)
    assert run(oms, due - timedelta(microseconds=1)) == 0
    assert run(oms, due) == 1
    (event,) = oms.readers.log().events(0, 100, [FulfilmentReleased.type])
    history = oms.readers.log().history(f"order-{order_id}")
    assert event.meta.actor == SOURCE
    assert event.meta.causation_id == f"event:{history[0].position}"
    assert event.meta.correlation_id == history[0].meta.correlation_id
    assert oms.readers.log().fold(Order, order_id).statuses.order == "confirmed"
    oms.catch_up()
    assert run(oms, due + HOUR) == 0, "the event has ended it"


def test_it_is_not_submitted_again_while_the_read_model_is_behind(oms: Oms) -> None:
    due = later()
    schedule(oms, 3, due)
    runner = mortal(oms, 0, due)
    assert [runner.step(), runner.step()] == [3, 0]


def test_submitted_twice_it_does_nothing(oms: Oms) -> None:
    """By another worker, whose read model is behind."""
    due = later()
    orders = schedule(oms, 2, due)
    assert [run(oms, due), run(oms, due)] == [2, 2]
    assert released(oms) == Counter(orders)


def test_a_person_may_release_an_order_before(oms: Oms) -> None:
    due = later()
    first, second = schedule(oms, 2, due)
    ship = CreateShipment(order_id=first, location="LON")
    with pytest.raises(Refused, match="fulfil_at"):
        oms.execute(ship, actor="clerk")
    oms.execute(ReleaseScheduledOrder(first), actor="clerk")
    oms.execute(ship, actor="clerk")
    assert run(oms, due) == 2, "the read model is behind"
    oms.catch_up()
    assert released(oms) == Counter([first, second])
    assert oms.work.refusals() == []


def test_a_cancelled_order_is_left_alone(oms: Oms) -> None:
    due = later()
    (order_id,) = schedule(oms, 1, due)
    oms.execute(CancelOrder(order_id=order_id, reason="customer"), actor="clerk")
    assert run(oms, due) == 1, "the read model is behind"
    oms.catch_up()
    assert run(oms, due) == 0
    assert (released(oms), oms.work.refusals()) == (Counter(), [])


@pytest.mark.parametrize("kill_at", range(1, 7))
def test_killed_between_any_two_steps_each_is_done_once(oms: Oms, kill_at: int) -> None:
    due = later()
    count(oms)
    orders = schedule(oms, 3, due)
    runner = mortal(oms, kill_at, due)
    with pytest.raises(Killed):
        runner.step()
    run(oms, due)
    assert counted(oms) == Counter(orders)
    assert runner.seams.passed[:2] == ["read", "submitted 0"][:kill_at]


@pytest.mark.postgres
@settings(max_examples=10)
@given(kills=st.lists(st.integers(1, 6), max_size=4), number=st.integers(1, 4))
def test_killed_anywhere_and_again_each_is_done_once(
    shared: Oms, kills: list[int], number: int
) -> None:
    due = later()
    count(shared)
    orders = schedule(shared, number, due)
    for kill_at in kills:
        runner = mortal(shared, kill_at, due)
        try:
            runner.step()
        except Killed:
            continue
    run(shared, due)
    assert counted(shared) >= Counter(orders)
    assert max(counted(shared).values()) == 1


def test_two_workers_at_once_do_each_once(oms: Oms) -> None:
    """Each of them has read what is due before the other submits it."""
    due = later()
    count(oms)
    orders = schedule(oms, 20, due)
    both = threading.Barrier(2)

    class Meeting(MortalRunner):
        def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
            both.wait(30)
            assert len(commands) == 20
            return super()._settle(commands)

    failures: list[BaseException] = []

    def work() -> None:
        try:
            made = mortal(oms, 0, due)
            made.__class__ = Meeting
            made.step()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert counted(oms) == Counter(orders)


def test_one_worker_at_a_time_has_the_lock(oms: Oms) -> None:
    due = later()
    schedule(oms, 1, due)
    stop = threading.Event()
    with oms.exclusive("deadlines") as mine:
        assert mine
        assert not mortal(oms, 0, due).attempt(stop)
        assert released(oms) == Counter()
    assert mortal(oms, 0, due).attempt(stop)
    assert released(oms).total() == 1


def refused_command(oms: Oms) -> None:
    """Every deadline submits a command that the order refuses."""
    oms.work.deadlines = {"scheduled_order": lambda order_id, due_at: ConfirmOrder(order_id)}


@pytest.mark.parametrize("kill_at", [None, 3])
def test_a_refused_command_is_recorded_once_and_waits_for_a_person(
    oms: Oms, kill_at: int | None
) -> None:
    """Also where the worker is killed before it has recorded the refusal."""
    due = later()
    (order_id,) = schedule(oms, 1, due)
    made = dict(oms.work.deadlines)
    refused_command(oms)
    if kill_at is not None:
        with pytest.raises(Killed):
            mortal(oms, kill_at, due).step()
        assert oms.work.refusals() == []
    assert [run(oms, due), run(oms, due)] == [1, 0]
    (refusal,) = oms.work.refusals()
    assert (refusal.source, refusal.command, refusal.code) == (
        SOURCE,
        "ConfirmOrder",
        "illegal_transition",
    )
    assert oms.readers.refusal_counts() == {SOURCE: 1}
    with pytest.raises(Refused):
        oms.work.retry(SOURCE, refusal.reference)
    oms.work.deadlines = made
    oms.work.retry(SOURCE, refusal.reference)
    assert released(oms) == Counter([order_id])
    assert oms.work.refusals() == []


def test_what_is_unavailable_is_submitted_again(oms: Oms) -> None:
    due = later()
    orders = schedule(oms, 2, due)
    runner = mortal(oms, 0, due)
    submit = runner._submit

    def full(commands: Sequence[Consequence]) -> Sequence[PendingConsequence]:
        submit(commands[:1])[0].result()
        raise Overloaded("full")

    runner._submit = full
    with pytest.raises(Unavailable):
        runner.attempt(threading.Event())
    runner._submit = submit
    assert runner.attempt(threading.Event())
    assert released(oms) == Counter(orders)


def test_nothing_is_done_while_the_clocks_differ(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule(oms, 1, later())
    monkeypatch.setattr(oms._guard, "_clock", lambda: datetime.now(UTC) + timedelta(days=2))
    with pytest.raises(ClockWrong):
        oms.work.deadline_runner().attempt(threading.Event())
    assert released(oms) == Counter()


def test_it_waits_for_what_is_due_next_and_no_longer(oms: Oms) -> None:
    """By the clock of the process: what is due in a moment is done in that moment."""
    due = datetime.now(UTC) + timedelta(seconds=1)
    orders = schedule(oms, 1, due)
    runner = oms.work.deadline_runner()
    stop = threading.Event()
    until(lambda: runner.attempt(stop) and released(oms).total() == 1, "it is released")
    (event,) = oms.readers.log().events(0, 100, [FulfilmentReleased.type])
    assert event.event.key == orders[0]
    assert event.meta.recorded_at >= due


def test_kinds_of_other_programs_are_left_to_these(oms: Oms) -> None:
    due = later()
    schedule(oms, 1, due)
    other: dict[str, object] = {}
    oms.work.deadlines = other  # type: ignore[assignment]  # of no kind
    assert run(oms, due) == 0
