"""The guarantees of the writer, on the stores in memory and in PostgreSQL."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from oms_ledger.domain.errors import Conflict, IdempotencyKeyReused, Overloaded, Refused
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.log.store import Store
from oms_ledger.engine.write.writer import Idempotency, Limits, Outcome, Submission, Writer
from oms_ledger.kernel import Command
from tests.engine.conformance import Ledger, StoreFactory
from tests.engine.submissions import OpenWriter, refusals, submit
from tests.engine.toy import Broken, HalfBroken, Open, Receive, Take, TakeAnywhere, context


def test_an_accepted_command_is_answered_with_its_position(open_writer: OpenWriter) -> None:
    writer = open_writer()
    first = submit(writer, Receive("X", 5))
    second = submit(writer, Take("X", 3))
    assert (first.position, first.events, first.replayed) == (1, 1, False)
    assert (second.position, second.events) == (4, 3)
    assert second.answer == {"sku": "X", "on_hand": 5, "allocated": 3}


def test_a_refused_command_leaves_no_trace_and_disturbs_no_neighbour(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    writer = open_writer()
    commands = [Receive("X", 2), Take("X", 3), Take("X", 2), Take("X", 1)]
    futures = writer.submit_many(Submission(c, context()) for c in commands)
    refused = [type(e) for e in refusals(futures)]
    assert refused == [type(None), Refused, type(None), Refused]
    assert [(r.stream, r.version, r.position) for r in ledger.rows()] == [
        ("stock-X@A", 1, 1),
        ("stock-X@A", 2, 2),
        ("stock-X@A", 3, 3),
    ]


def test_a_batch_decides_as_if_commands_came_one_by_one(open_writer: OpenWriter) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 50))
    futures = writer.submit_many(Submission(Take("X", 1), context()) for _ in range(200))
    assert sum(e is None for e in refusals(futures)) == 50


def test_a_broken_rule_harms_only_its_own_command(open_writer: OpenWriter) -> None:
    writer = open_writer()
    commands: list[Command] = [Receive("X", 2), Broken("X", 1), Take("X", 1), HalfBroken("X", 1)]
    futures = writer.submit_many(Submission(c, context()) for c in commands)
    kinds = [type(e) for e in refusals(futures)]
    assert kinds == [type(None), ZeroDivisionError, type(None), TypeError]
    assert submit(writer, Take("X", 1)).answer == {"sku": "X", "on_hand": 2, "allocated": 2}


def test_two_writers_see_each_others_events(open_writer: OpenWriter) -> None:
    one, two = open_writer(), open_writer()
    submit(one, Receive("X", 2))
    submit(two, Take("X", 1))
    submit(one, Take("X", 1))
    with pytest.raises(Refused):
        submit(two, Take("X", 1))
    assert submit(two, Receive("X", 1)).answer == {"sku": "X", "on_hand": 3, "allocated": 2}


def test_a_location_opened_by_another_writer_is_loaded(open_writer: OpenWriter) -> None:
    one, two = open_writer(), open_writer()
    with pytest.raises(Refused):
        submit(one, TakeAnywhere("X", 1))
    submit(two, Open("B", "X", 1))
    submit(one, TakeAnywhere("X", 1))
    with pytest.raises(Refused):
        submit(two, TakeAnywhere("X", 1))


def test_a_new_writer_folds_what_is_there(open_writer: OpenWriter) -> None:
    submit(open_writer(), Receive("X", 7))
    assert submit(open_writer(), Take("X", 7)).answer == {"sku": "X", "on_hand": 7, "allocated": 7}


def test_a_long_stream_is_loaded_from_its_snapshot(open_writer: OpenWriter, ledger: Ledger) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 5000))
    submit(writer, Take("X", 2500))
    ledger.spoil_first_event("stock-X@A")
    if not ledger.keeps_snapshots:
        pytest.skip("the log in memory keeps no snapshots")
    assert submit(open_writer(), Take("X", 1)).answer == {
        "sku": "X",
        "on_hand": 5000,
        "allocated": 2501,
    }


def test_an_evicted_state_is_loaded_again(open_writer: OpenWriter) -> None:
    writer = open_writer(Limits(cached_streams=2))
    for sku in "ABCDEFG":
        submit(writer, Receive(sku, 1))
    for sku in "ABCDEFG":
        assert submit(writer, Take(sku, 1)).answer["on_hand"] == 1


def test_the_same_key_answers_the_first_result_and_writes_once(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    writer = open_writer()
    once = Idempotency("scope", "key", b"body")
    first = submit(writer, Receive("X", 2), idempotency=once)
    submit(writer, Receive("X", 2))
    again = submit(open_writer(), Receive("X", 2), idempotency=once)
    assert (again.answer, again.position, again.replayed) == (first.answer, first.position, True)
    assert len(ledger.rows()) == 2


def test_the_same_key_twice_in_one_batch_writes_once(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    once = Idempotency("scope", "key", b"body")
    futures = open_writer().submit_many(
        Submission(Receive("X", 2), context(), idempotency=once) for _ in range(3)
    )
    assert sorted(f.result(10).replayed for f in futures) == [False, True, True]
    assert len(ledger.rows()) == 1


def test_a_refusal_is_replayed_too(open_writer: OpenWriter) -> None:
    writer = open_writer()
    once = Idempotency("scope", "key", b"body")
    with pytest.raises(Refused) as first:
        submit(writer, Take("X", 1), idempotency=once)
    submit(writer, Receive("X", 1))
    with pytest.raises(Refused) as again:
        submit(writer, Take("X", 1), idempotency=once)
    assert again.value.code == first.value.code
    assert (first.value.replayed, again.value.replayed) == (False, True)


def test_a_key_used_for_another_request_is_refused(open_writer: OpenWriter) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 1), idempotency=Idempotency("scope", "key", b"one"))
    with pytest.raises(IdempotencyKeyReused):
        submit(writer, Receive("X", 1), idempotency=Idempotency("scope", "key", b"two"))
    submit(writer, Receive("X", 1), idempotency=Idempotency("other", "key", b"two"))


def test_a_stale_expected_version_is_a_conflict(open_writer: OpenWriter, ledger: Ledger) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 1))
    with pytest.raises(Conflict):
        submit(writer, Receive("X", 1), expected=((StockLevel, "X@A"), 0))
    submit(writer, Receive("X", 1), expected=((StockLevel, "X@A"), 1))
    assert len(ledger.rows()) == 2


def test_a_dry_run_shows_the_events_and_writes_nothing(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 2))
    outcome = submit(writer, Take("X", 2), dry_run=True)
    events = outcome.answer["events"]
    assert [(e["type"], e["version"], e["position"]) for e in events] == [  # type: ignore[union-attr,index,call-overload]  # JSON
        ("stock.allocated.v1", 2, 2),
        ("stock.allocated.v1", 3, 3),
    ]
    assert len(ledger.rows()) == 1
    assert submit(writer, Take("X", 2)).position == 3


def test_time_in_the_ledger_never_runs_backwards(open_writer: OpenWriter, ledger: Ledger) -> None:
    times = iter([datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)])
    writer = open_writer(clock=lambda: next(times))
    submit(writer, Receive("X", 1))
    submit(writer, Receive("X", 1))
    assert [r.meta.recorded_at.day for r in ledger.recorded()] == [2, 2]


def test_a_full_queue_refuses_and_loses_nothing(open_writer: OpenWriter, ledger: Ledger) -> None:
    writer = open_writer(Limits(queue_commands=5))
    accepted = 0
    with ledger.stalled():
        futures: list[Future[Outcome]] = []
        for _ in range(50):
            try:
                futures.append(writer.submit(Submission(Receive("X", 1), context())))
            except Overloaded:
                continue
            accepted += 1
        assert 0 < accepted < 50
    assert all(f.result(10).events == 1 for f in futures)
    assert len(ledger.rows()) == accepted


def test_a_batch_is_capped_in_bytes_and_the_rest_follows(open_writer: OpenWriter) -> None:
    writer = open_writer(Limits(batch_bytes=500))
    futures = writer.submit_many(Submission(Receive("X", 1), context()) for _ in range(20))
    assert [f.result(10).position for f in futures] == list(range(1, 21))
    assert writer.counters.batches > 3


def test_a_batch_of_thousands_of_events_is_written_like_a_small_one(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    submit(open_writer(), Receive("\u00e9\u4e2d", 3000))
    assert submit(open_writer(), Take("\u00e9\u4e2d", 3000)).position == 3001
    rows = ledger.rows()
    assert [(r.position, r.version) for r in rows] == [(n, n) for n in range(1, 3002)]
    assert {r.stream for r in rows} == {"stock-\u00e9\u4e2d@A"}
    with pytest.raises(Refused):
        submit(open_writer(), Take("\u00e9\u4e2d", 1))


def test_closing_answers_what_is_queued(ledger: Ledger) -> None:
    writer = Writer(ledger.store())
    futures = writer.submit_many(Submission(Receive("X", 1), context()) for _ in range(20))
    writer.close()
    assert all(f.result(0).events == 1 for f in futures)


def test_coroutines_are_answered_on_their_own_loop(open_writer: OpenWriter) -> None:
    writer = open_writer()

    async def place() -> list[object]:
        one = writer.submit_async(Submission(Receive("X", 1), context()))
        assert (await one).position == 1
        many = [Submission(Take("X", 1), context()) for _ in range(2)]
        return [type(r) for r in await writer.submit_many_async(many)]

    assert asyncio.run(place()) == [Outcome, Refused]


def test_a_store_is_closed_with_its_writer(ledger: Ledger) -> None:
    factory: StoreFactory = ledger.store
    store: Store = factory()
    Writer(store).close()
    store.close()
