"""The writer's cache: groups of streams are complete, and memory is bounded."""

from __future__ import annotations

import gc
import tracemalloc

from oms_ledger.engine.write.states import StateCache
from oms_ledger.engine.write.writer import Limits, Submission, Writer
from tests.engine.conformance import Ledger
from tests.engine.submissions import OpenWriter, submit
from tests.engine.toy import Open, Receive, Sweep, context


def test_a_group_has_every_stream_of_it_and_no_other(open_writer: OpenWriter) -> None:
    writer = open_writer()
    for place, sku in (("A", "X"), ("B", "X"), ("C", "X@B"), ("D", "XX")):
        submit(writer, Open(place, sku, 2))
    assert submit(open_writer(), Sweep("X", 1)).answer == {"A": 2, "B": 2}
    assert submit(writer, Sweep("X@B", 1)).answer == {"C": 2}


def test_a_group_grows_by_what_this_writer_and_others_write(
    open_writer: OpenWriter, ledger: Ledger
) -> None:
    one, other = open_writer(), open_writer()
    submit(one, Open("A", "X", 1))
    assert submit(one, Sweep("X", 1)).answer == {"A": 1}
    submit(one, Open("B", "X", 1))
    assert submit(one, Sweep("X", 1)).answer == {"A": 1, "B": 1}
    submit(other, Open("C", "X", 1))
    assert submit(one, Sweep("X", 1)).answer == {"A": 1, "B": 1, "C": 1}
    submit(other, Receive("X", 4))
    assert submit(one, Sweep("X", 1)).answer == {"A": 5, "B": 1, "C": 1}


def test_a_whole_batch_finds_its_groups_together(open_writer: OpenWriter) -> None:
    writer = open_writer()
    for n in range(20):
        submit(writer, Open("A", f"S{n}", 1))
    fresh = open_writer()
    futures = fresh.submit_many(Submission(Sweep(f"S{n}", 1), context()) for n in range(20))
    assert [future.result().answer for future in futures] == [{"A": 1}] * 20


def test_a_group_has_what_earlier_commands_of_the_same_batch_wrote(
    open_writer: OpenWriter,
) -> None:
    writer = open_writer()
    commands = (Open("A", "X", 2), Sweep("X", 1), Receive("X", 3), Sweep("X", 1))
    futures = writer.submit_many(Submission(command, context()) for command in commands)
    assert [futures[n].result().answer for n in (1, 3)] == [{"A": 2}, {"A": 5}]
    assert submit(writer, Sweep("X", 1)).answer == {"A": 5}


def test_the_cache_is_bounded_in_bytes(ledger: Ledger) -> None:
    limit = 200_000
    writer = Writer(ledger.store(), Limits(cached_bytes=limit))
    states: StateCache = writer._states
    try:
        most = 0
        for n in range(40):
            futures = writer.submit_many(
                Submission(Receive(f"S{n}-{k}", 1), context()) for k in range(50)
            )
            for future in futures:
                future.result()
            most = max(most, states.cached_bytes)
    finally:
        writer.close()
    assert limit / 2 < most <= 2 * limit + 50 * 3000


def test_the_estimate_is_no_less_than_what_is_really_taken(open_writer: OpenWriter) -> None:
    writer = open_writer()
    gc.freeze()  # what was there before need not be looked through
    tracemalloc.start()
    try:
        futures = writer.submit_many(
            Submission(Receive(f"S{n}", 1), context()) for n in range(2000)
        )
        for future in futures:
            future.result()
        del futures, future
        gc.collect()
        kept = sum(
            each.size
            for each in tracemalloc.take_snapshot()
            .filter_traces([tracemalloc.Filter(True, "*/engine/write/states.py")])
            .statistics("filename")
        )
    finally:
        tracemalloc.stop()
    assert 0 < kept < writer._states.cached_bytes


def test_a_state_of_fixed_size_takes_no_more_after_many_events(open_writer: OpenWriter) -> None:
    """A stock level is a few counters, whatever has moved: were its events counted, the levels of
    a busy shop alone would fill the cache, and every batch would begin by loading them."""
    writer = open_writer()
    submit(writer, Receive("X", 1))
    size = writer._states.cached_bytes
    for future in writer.submit_many(Submission(Receive("X", 1), context()) for _ in range(500)):
        future.result()
    assert writer._states.cached_bytes - size < 100
