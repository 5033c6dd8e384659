"""Failures of one command, which must not reach other commands or the writer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import ClassVar

import pytest

from oms_ledger.domain.errors import NotFound, Overloaded, Unavailable
from oms_ledger.engine.log.memory import MemoryStore
from oms_ledger.engine.log.store import Batch, BatchRejected, EventRow, Head, StoreUnavailable
from oms_ledger.engine.write import decider
from oms_ledger.engine.write.writer import Limits, Outcome, Results, Writer
from oms_ledger.kernel import Change, Command, Context, Given, Json
from tests.engine.conformance import Ledger, PostgresLedger
from tests.engine.submissions import OpenWriter, refusals, submissions, submit
from tests.engine.toy import Open, Receive, StockCommand, Take, TakeAnywhere

TOO_LONG_FOR_AN_INDEX = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(3000))

UNSTORABLE = {
    "a text with a NUL": "X\0",
    "half a character": "X\ud800",
    "a key too long for an index": TOO_LONG_FOR_AN_INDEX,
}


@dataclass(frozen=True, slots=True)
class Mute(StockCommand):
    """A command that decides, and then refuses to answer."""

    name: ClassVar[str] = "Mute"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return Receive(self.sku, self.quantity).decide(ctx, given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        raise NotFound("too late")


def received(ledger: Ledger) -> Counter[str]:
    return Counter(row.stream for row in ledger.rows())


@pytest.mark.parametrize("sku", UNSTORABLE.values(), ids=UNSTORABLE.keys())
def test_a_value_that_cannot_be_stored_harms_only_its_own_command(
    open_writer: OpenWriter, ledger: Ledger, sku: str
) -> None:
    if not isinstance(ledger, PostgresLedger):
        pytest.skip("the log in memory stores anything")
    writer = open_writer()
    with ledger.stalled():
        futures = writer.submit_many(submissions(Receive(s, 1) for s in ("A", sku, "B")))
    first, broken, last = refusals(futures)
    assert (first, last) == (None, None)
    assert isinstance(broken, BatchRejected | UnicodeError)
    assert received(ledger) == {"stock-A@A": 1, "stock-B@A": 1}


def test_what_a_full_batch_left_over_is_done_once_when_the_batch_breaks(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    if not isinstance(ledger, PostgresLedger):
        pytest.skip("the log in memory stores anything")
    writer = open_writer(Limits(batch_bytes=10_000))
    broken = Receive(TOO_LONG_FOR_AN_INDEX, 1)  # which shows only when it is written
    commands = [broken, *(Receive(f"B{n}", 1) for n in range(10))]
    with ledger.stalled():
        futures = writer.submit_many(submissions(commands))
    assert [type(error) for error in refusals(futures)].count(type(None)) == len(commands) - 1
    submit(writer, Receive("END", 1))
    assert set(received(ledger).values()) == {1}, "a command happened twice"
    assert len(ledger.rows()) == len(commands)


def test_a_refusal_after_the_decision_writes_nothing(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    writer = open_writer()
    commands: list[Command] = [Receive("A", 1), Mute("M", 1), Receive("B", 1)]
    with ledger.stalled():
        futures = writer.submit_many(submissions(commands))
    assert [type(error) for error in refusals(futures)] == [type(None), NotFound, type(None)]
    assert received(ledger) == {"stock-A@A": 1, "stock-B@A": 1}


class LosesAnswers(MemoryStore):
    """Commits, reports that it did not, and cannot check."""

    def commit(self, head: Head, batch: Batch) -> None:
        super().commit(head, batch)
        raise StoreUnavailable("the reply was lost")

    def contains(self, row: EventRow) -> bool:
        raise BatchRejected("a table is missing, or whatever")


def test_what_may_have_happened_is_never_tried_again_by_itself() -> None:
    store = LosesAnswers()
    writer = Writer(store, Limits(patience_seconds=0.1))
    with store.log.lock:
        futures = writer.submit_many(submissions(Receive("X", 1) for _ in range(3)))
    errors = refusals(futures)
    writer.close()
    assert {type(error) for error in errors} == {Unavailable}
    assert len(store.log.events) == 3


def test_an_observer_of_batches_cannot_end_the_writer(open_writer: OpenWriter) -> None:
    def breaks(results: Results) -> None:
        raise ZeroDivisionError("a bug")

    writer = open_writer(on_batch=breaks)
    assert [submit(writer, Receive("X", 1)).position for _ in range(3)] == [1, 2, 3]


def test_a_cancelled_future_disturbs_no_other(open_writer: OpenWriter, ledger: Ledger) -> None:
    writer = open_writer()
    with ledger.stalled():
        futures = writer.submit_many(submissions(Receive("X", 1) for _ in range(3)))
        assert futures[1].cancel()
    assert [futures[0].result(10).position, futures[2].result(10).position] == [1, 3]
    with pytest.raises(CancelledError):
        futures[1].result(10)
    assert submit(writer, Receive("X", 1)).position == 4, "it was on its way already, and happened"


class CancelledAtTheLastMoment(Future[Outcome]):
    """Its caller gives up between the writer's look and its answer."""

    def done(self) -> bool:
        before = super().done()
        self.cancel()
        return before

    def set_result(self, result: Outcome) -> None:
        self.cancel()
        super().set_result(result)


def test_giving_up_at_the_last_moment_does_not_end_the_writer(
    open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_writer()
    monkeypatch.setattr("oms_ledger.engine.write.writer.Future", CancelledAtTheLastMoment)
    future = writer.submit(submissions([Receive("X", 1)])[0])
    monkeypatch.undo()
    with pytest.raises(CancelledError):
        future.result(10)
    assert submit(writer, Receive("X", 1)).position == 2


def test_a_full_queue_refuses_at_once_and_accepts_again(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    writer = open_writer(Limits(queue_commands=3, batch_commands=1))
    with ledger.stalled():
        accepted = writer.submit_many(submissions([Receive("X", 1)]))
        while writer.queued:  # until the writer has taken it, and waits for the head
            time.sleep(0.001)
        accepted += writer.submit_many(submissions(Receive("X", 1) for _ in range(3)))
        for size in (1, 3):
            with pytest.raises(Overloaded):
                writer.submit_many(submissions(Receive("X", 1) for _ in range(size)))
        assert not any(future.done() for future in accepted), "nobody could commit"
    assert refusals(accepted) == [None] * 4
    assert submit(writer, Receive("X", 1)).position == 5


def test_a_state_that_is_always_cached_is_loaded_from_its_snapshot(
    open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decider, "SNAPSHOT_EVERY", 3)
    writer = open_writer()
    for _ in range(5):
        submit(writer, Open("B", "X", 1))
    reopened = open_writer()
    submit(reopened, Open("B", "X", 1))  # names the location before it asks for all of them
    assert submit(reopened, TakeAnywhere("X", 1)).events == 1


def test_an_answer_is_given_to_each_of_many_that_break(open_writer: OpenWriter) -> None:
    writer = open_writer()
    submit(writer, Receive("X", 2))
    commands: list[Command] = [Mute("M", 1), Take("X", 1), Mute("M", 1), Take("X", 2)]
    kinds = [type(error).__name__ for error in refusals(writer.submit_many(submissions(commands)))]
    assert kinds == ["NotFound", "NoneType", "NotFound", "Refused"]
