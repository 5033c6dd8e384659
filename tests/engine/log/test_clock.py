"""Clocks that are wrong: nothing is stamped with their time, nothing is deleted by it, and a ledger
whose time is ahead can be set right."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import ClockWrong, Refused
from oms_ledger.engine.log.clock import JUMP_MAX, QUIET_MAX, ClockGuard, ClockReading
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.write.writer import Writer
from oms_ledger.worker import worker
from tests.databases import Database
from tests.engine.submissions import submit
from tests.engine.toy import Receive

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
IN_2036 = datetime(2036, 1, 1, tzinfo=UTC)
BOUND = timedelta(seconds=30)


class Clock:
    """A clock that a test sets, and the seconds since boot, which only pass."""

    def __init__(self) -> None:
        self.now = NOW
        self.elapsed = 100.0

    def guard(self) -> ClockGuard:
        return ClockGuard(BOUND, lambda: self.now, lambda: self.elapsed)

    def passes(self, by: timedelta) -> None:
        self.now += by
        self.elapsed += by.total_seconds()


@pytest.mark.parametrize("difference", [timedelta(0), BOUND, -BOUND])
def test_clocks_that_differ_a_little_agree(difference: timedelta) -> None:
    assert Clock().guard().fault(NOW, NOW + difference) is None


@pytest.mark.parametrize("difference", [timedelta(days=3650), timedelta(minutes=1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_clocks_that_differ_are_named_with_the_remedy(difference: timedelta, sign: int) -> None:
    fault = Clock().guard().fault(NOW + sign * difference, NOW)
    assert fault is not None
    assert ("ahead of" if sign > 0 else "behind") in fault
    assert "Set the clock that is wrong" in fault


def test_a_clock_that_jumps_together_with_the_database_s_is_noticed() -> None:
    """Both on one machine; and it is right again afterwards."""
    clock = Clock()
    guard = clock.guard()
    clock.passes(timedelta(days=40))
    assert guard.fault(clock.now, clock.now) is None
    right, clock.now = clock.now, IN_2036
    fault = guard.fault(clock.now, clock.now)
    assert fault is not None
    assert "start the program again" in fault
    clock.now = right + JUMP_MAX / 2
    assert guard.fault(clock.now, clock.now) is None


def test_deleting_needs_clocks_that_agree_and_a_recent_ledger() -> None:
    guard = Clock().guard()

    def reading(ledger: datetime, fault: str | None = None) -> ClockReading:
        return ClockReading(NOW, NOW, ledger, 9, fault)

    guard.require_agreed(reading(NOW - QUIET_MAX), idle=False)
    guard.require_agreed(reading(NOW - 50 * QUIET_MAX), idle=True)
    with pytest.raises(ClockWrong, match="retention run"):
        guard.require_agreed(reading(NOW - 50 * QUIET_MAX), idle=False)
    for idle in (True, False):
        with pytest.raises(ClockWrong, match="clock mend"):
            guard.require_agreed(reading(IN_2036), idle=idle)
        with pytest.raises(ClockWrong, match="Nothing was deleted"):
            guard.require_agreed(reading(NOW, "It is wrong."), idle=idle)


@pytest.mark.postgres
def test_nothing_is_written_with_a_wrong_clock(postgres: Database) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    store = PostgresStore(postgres.connect_writer)
    writer = Writer(store, clock=lambda: clock.now, guard=clock.guard())
    try:
        assert submit(writer, Receive("X", 1)).position == 1
        right, clock.now = clock.now, IN_2036
        with pytest.raises(ClockWrong, match="Nothing was written"):
            submit(writer, Receive("X", 1))
        clock.now = right
        assert submit(writer, Receive("X", 1)).answer["on_hand"] == 2
    finally:
        writer.close()
    with postgres.connect() as reader:
        row = reader.execute("SELECT position, recorded_at FROM ledger_head").fetchone()
    assert row is not None
    assert row[0] == 2
    assert row[1] < IN_2036


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        yield oms


def locate(oms: Oms, code: str) -> int:
    return oms.execute(PutLocation(code, code), actor="tester").position


def set_ledger(database: Database, at: datetime) -> None:
    """The ledger as a program without a guard has left it."""
    with database.connect_owner() as owner:
        owner.execute("UPDATE ledger_head SET recorded_at = %s", (at,))


def locations(oms: Oms, as_of: datetime) -> set[str]:
    with oms.readers.as_of(as_of) as log:
        return set(log.keys(Location))


@pytest.mark.postgres
def test_a_ledger_that_is_ahead_is_mended(ready: Database, oms: Oms) -> None:
    first = locate(oms, "A")
    before = oms.readers.log(first).events(0, 1)[0].meta.recorded_at
    set_ledger(ready, IN_2036)
    locate(oms, "B")
    assert locations(oms, datetime.now(UTC)) == {"A"}, "what is wrong with it"
    (fault,) = oms.clock_faults()
    assert "clock mend" in fault

    correction = oms.mend_clock(actor="me", reason="NTP was off")
    assert oms.clock_faults() == []
    assert correction.was == IN_2036
    assert locations(oms, datetime.now(UTC)) == {"A", "B"}
    third = locate(oms, "C")
    event = oms.readers.log().events(third - 1, 1)[0]
    assert correction.corrected_at <= event.meta.recorded_at < datetime.now(UTC) + BOUND
    assert locations(oms, datetime.now(UTC)) == {"A", "B", "C"}
    assert locations(oms, correction.corrected_at) >= {"A", "B"}
    assert locations(oms, before) == {"A"}
    assert locations(oms, before - BOUND) == set()
    assert oms.readers.clock_corrections() == [correction]

    report = oms.audit.verify(VerificationOptions(read_models=False))
    assert report.findings == []
    assert any("set the ledger's time back" in each for each in report.left_out)


@pytest.mark.postgres
def test_times_that_run_back_without_a_correction_are_detected(ready: Database, oms: Oms) -> None:
    locate(oms, "A")
    set_ledger(ready, IN_2036)
    locate(oms, "B")
    set_ledger(ready, datetime.now(UTC))
    locate(oms, "C")
    report = oms.audit.verify(VerificationOptions(read_models=False))
    assert {each.kind for each in report.findings} == {"time_runs_backwards"}


@pytest.mark.postgres
def test_twice_ahead_and_twice_mended(ready: Database, oms: Oms) -> None:
    for code in ("A", "B"):
        set_ledger(ready, IN_2036)
        locate(oms, code)
        oms.mend_clock(actor="me", reason="again")
    one, other = oms.readers.clock_corrections()
    assert locations(oms, one.corrected_at) == {"A"}
    assert locations(oms, other.corrected_at) == {"A", "B"}


@pytest.mark.postgres
def test_a_ledger_that_is_not_ahead_is_left_as_it_is(oms: Oms) -> None:
    locate(oms, "A")
    with pytest.raises(Refused, match="nothing to mend"):
        oms.mend_clock(actor="me", reason="just so")
    assert oms.readers.clock_corrections() == []


@pytest.mark.postgres
def test_the_worker_s_retention_checks_the_clocks(ready: Database, oms: Oms) -> None:
    locate(oms, "A")
    (step,) = [job.step for job in worker._privacy(oms) if job.name == "retention"]
    for wrong in (IN_2036, datetime.now(UTC) - 2 * QUIET_MAX):
        set_ledger(ready, wrong)
        with pytest.raises(ClockWrong, match="Nothing was deleted"):
            step(threading.Event())
    set_ledger(ready, datetime.now(UTC))
    oms.catch_up()
    assert step(threading.Event()) is True


@pytest.mark.postgres
def test_the_program_s_own_writer_compares_the_clocks(ready: Database) -> None:
    """With a bound that no two clocks keep."""
    settings = replace(ready.settings, clock_difference_seconds=1e-9)
    with open_prepared(settings) as oms, pytest.raises(ClockWrong):
        locate(oms, "A")
