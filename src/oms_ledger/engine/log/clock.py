"""The clocks of this process, of the database and of the ledger (the time of its newest event): how
far they differ, and how the ledger's is set back after a clock was ahead.

The decision is docs/decisions/0015-clocks.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from oms_ledger.domain.errors import ClockWrong, Refused
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)

JUMP_MAX = timedelta(days=1)
"""How far a clock may be set while a process runs, for the process to go on writing."""

QUIET_MAX = timedelta(days=7)
"""How old the newest event may be for workers to delete by time."""


def seconds_since_boot() -> float:
    """Seconds that no setting of the clock changes; where the system can tell, with those in which
    the machine was suspended."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ClockGuard:
    """Compares the clock of this process with the database's, and with the time that has passed
    since the process started. `difference_max` is the setting `clock_difference_seconds`."""

    def __init__(
        self,
        difference_max: timedelta,
        clock: Callable[[], datetime] = utc_now,
        elapsed: Callable[[], float] = seconds_since_boot,
    ) -> None:
        self.difference_max = difference_max
        self._clock = clock
        self._elapsed = elapsed
        self._started, self._started_elapsed = clock(), elapsed()

    def fault(self, now: datetime, database: datetime) -> str | None:
        """What is wrong with the time of this process, in a sentence with the remedy; None where
        nothing is. `database` is the database's time at `now`."""
        difference = now - database
        if abs(difference) > self.difference_max:
            return (
                f"The clock of this machine is {_apart(difference)} the database's ({_text(now)}"
                f" and {_text(database)}). Set the clock that is wrong; both machines should follow"
                " NTP."
            )
        passed = timedelta(seconds=self._elapsed() - self._started_elapsed)
        jump = now - self._started - passed
        if abs(jump) > JUMP_MAX:
            return (
                f"The clock of this machine was set while the program ran: it is {_apart(jump)} the"
                f" one that the program started with, and says {_text(now)}. Set it right; if it is"
                " right now, start the program again."
            )
        return None

    def check(self, now: datetime, database: datetime) -> None:
        """Raise `ClockWrong` where `fault` finds anything."""
        fault = self.fault(now, database)
        if fault is not None:
            raise ClockWrong(f"{fault} Nothing was written.")

    def reading(self, connection: Connection) -> ClockReading:
        """All clocks at one moment."""
        before = self._clock()
        row = connection.execute(SQL["clocks"]).fetchone()
        assert row is not None, "ledger_head has lost its row"
        process = before + (self._clock() - before) / 2
        database, ledger, position = row
        return ClockReading(process, database, ledger, position, self.fault(process, database))

    def ahead(self, reading: ClockReading) -> str | None:
        """What is wrong with the ledger's time, in a sentence with the remedy; None: nothing."""
        ahead = reading.ledger - reading.database
        if ahead <= self.difference_max:
            return None
        return (
            f"The ledger's newest event has the time {_text(reading.ledger)}, which is"
            f" {_apart(ahead)} the database's clock: a clock was ahead once, and all later events"
            " get that time. Once all clocks are right, run `oms-ledger clock mend`."
        )

    def require_agreed(self, reading: ClockReading, *, idle: bool) -> None:
        """Raise `ClockWrong` unless all clocks agree. A clock of process and database that is ahead
        by years shows by a ledger whose newest event seems old; with `idle` it may be."""
        fault = reading.fault or self.ahead(reading)
        quiet = reading.database - reading.ledger
        if fault is None and not idle and reading.position and quiet > QUIET_MAX:
            fault = (
                f"The ledger's newest event is {quiet.days} days old by the clock of the database,"
                f" which says {_text(reading.database)}. If that is the time, run"
                " `oms-ledger retention run`, which a person does knowingly."
            )
        if fault is not None:
            raise ClockWrong(f"{fault} Nothing was deleted.")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The times of this process, of the database and of the ledger's newest event, which is at
    `position`. `fault`: what is wrong with the first."""

    process: datetime
    database: datetime
    ledger: datetime
    position: Position
    fault: str | None


class Correction(NamedTuple):
    """The ledger's time was set from `was` to `corrected_at` behind the event at `position`."""

    position: Position
    was: datetime
    corrected_at: datetime
    actor: str
    reason: str


def corrections(connection: Connection) -> list[Correction]:
    """All corrections, in order of position."""
    return [Correction(*row) for row in connection.execute(SQL["clock_corrections"]).fetchall()]


def mend(owner: Connection, guard: ClockGuard, actor: str, reason: str) -> Correction:
    """As the ledger's owner, set its time back to the database's. `Refused` where the ledger's time
    is not ahead, `ClockWrong` where the clocks of process and database differ."""
    with owner.transaction():
        owner.execute(SQL["lock_head"])
        reading = guard.reading(owner)
        if reading.fault is not None:
            raise ClockWrong(reading.fault)
        if guard.ahead(reading) is None:
            raise Refused(
                f"The ledger's time is {_text(reading.ledger)}, and not ahead of the"
                " database's. There is nothing to mend.",
                code="clock_not_ahead",
            )
        made = Correction(reading.position, reading.ledger, reading.database, actor, reason)
        owner.execute(SQL["correct_clock"], made)
        owner.execute(SQL["set_ledger_time"], (reading.database,))
    return made


def _apart(difference: timedelta) -> str:
    """A difference in words: `3 days, 2:00:00 ahead of`."""
    whole = timedelta(seconds=round(abs(difference).total_seconds()))
    return f"{whole} {'ahead of' if difference > timedelta() else 'behind'}"


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
