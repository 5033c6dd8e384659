"""The loop of the deadlines: submits the command of each when it is due.

Deadlines are rows of a read model. What is due is submitted under an id and a receipt that follow
from kind, key and time, so that it happens once, whatever ends the worker and however many run. A
row stays until the read model has folded the event that ends it, if one does; the table
`submitted_deadlines` keeps the loop from submitting it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.work import consequences
from oms_ledger.engine.work.consequences import Consequence, Refusal, Submit
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.kernel import Command, Position

SQL = statements.queries(__package__)

JOB = "deadlines"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look for what is due."""

PAGE_ROWS = 500

RECENT = timedelta(minutes=5)
"""How old a deadline may be for the loop to see it at once. Older ones are of read models that were
behind, and of things that were given a time in the past."""

FULL_SCAN_SECONDS = 30.0
"""How often to look for older ones: the index has all that were submitted and never ended."""

KEPT_DAYS = 400
"""How long submitted deadlines are remembered."""

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=10.0)

SOURCE = "deadline:"

LONG_AGO = datetime.min.replace(tzinfo=UTC)

MakeCommand = Callable[[str, datetime], Command]
"""Makes a command from the key of a deadline and its time."""


class DueDeadline(NamedTuple):
    """An open deadline. `reference` is `<key>@<due_at>`; the last three are of the event that has
    set it."""

    kind: str
    key: str
    due_at: datetime
    reference: str
    position: Position
    stream: str
    correlation_id: str


class DeadlineSource(Protocol):
    """Reads open deadlines of these kinds that became or become due in a period (`since` exclusive)
    and were not submitted, the earliest first."""

    def __call__(
        self, *, kinds: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> Sequence[DueDeadline]: ...


class RecordDeadline(Protocol):
    def __call__(
        self, submitted: Sequence[tuple[str, str]], refusals: Sequence[Refusal], /
    ) -> None:
        """Keep that deadlines, by kind and reference, were submitted, and which were refused: both
        or neither."""


class DeadlineRunner:
    """Submits what is due. Tests override the underscored steps to stop it in the middle.

    `commands` has the command of each kind; other kinds are left to programs that have them. `now`
    is the ledger's clock, and raises where clocks differ. `exclusive(job)` yields True to one
    process at a time. Used by one thread.
    """

    def __init__(
        self,
        commands: Mapping[str, MakeCommand],
        source: DeadlineSource,
        submit: Submit,
        record: RecordDeadline,
        exclusive: Callable[[str], AbstractContextManager[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self._commands = commands
        self._source = source
        self._submit = submit
        self._record = record
        self._exclusive = exclusive
        self._now = now
        self._full_scan_at = 0.0

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: submit what is due, or wait for it; False where another worker does
        so."""
        now = self._now()
        since = self._since(now)
        soon = self._open(since, now + timedelta(seconds=POLL_SECONDS), limit=1)
        wait = POLL_SECONDS
        if soon:
            wait = max(0.0, (soon[0].due_at - now).total_seconds())
        if wait > 0.0:
            if since == LONG_AGO:
                self._full_scan_at = time.monotonic() + FULL_SCAN_SECONDS
            stop.wait(wait)
            return True
        with self._exclusive(JOB) as mine:
            if mine:
                self._step(since, now)
        if not mine:
            stop.wait(POLL_SECONDS)
        return mine

    def step(self) -> int:
        """Submit one page of what is due; the number of commands."""
        return self._step(LONG_AGO, self._now())

    def _since(self, now: datetime) -> datetime:
        """Where to begin to look: now and then at the beginning, until nothing is left there."""
        return LONG_AGO if time.monotonic() >= self._full_scan_at else now - RECENT

    def _step(self, since: datetime, now: datetime) -> int:
        due = self._open(since, now, PAGE_ROWS)
        commands = [consequence_of(self._commands, each) for each in due]
        refusals = self._settle(commands)
        self._keep(due, refusals)
        return len(due)

    def _open(self, since: datetime, until: datetime, limit: int) -> Sequence[DueDeadline]:
        return self._source(kinds=list(self._commands), since=since, until=until, limit=limit)

    def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
        return consequences.settle(commands, self._submit) if commands else []

    def _keep(self, due: Sequence[DueDeadline], refusals: Sequence[Refusal]) -> None:
        """Where the worker ends before this, outcomes and refusals come again from the receipts."""
        if due:
            self._record([(each.kind, each.reference) for each in due], refusals)


def record_submitted(connection: Connection, submitted: Sequence[tuple[str, str]]) -> None:
    """Note deadlines as submitted, and delete the notes that are old."""
    kinds, references = zip(*submitted, strict=True)
    connection.execute(SQL["record_submitted"], (list(kinds), list(references)))
    connection.execute(SQL["prune_submitted"], (KEPT_DAYS,))


def consequence_of(commands: Mapping[str, MakeCommand], due: DueDeadline) -> Consequence:
    source = f"{SOURCE}{due.kind}"
    return Consequence(
        source,
        due.reference,
        commands[due.kind](due.key, due.due_at),
        derived_command_id(due.due_at, source, due.reference),
        due.position,
        due.stream,
        due.correlation_id,
    )


def deadline_of(refusal: Refusal, correlation_id: str) -> DueDeadline:
    """The deadline whose command was refused, from its reference."""
    key, _, due_at = refusal.reference.rpartition("@")
    return DueDeadline(
        refusal.source.removeprefix(SOURCE),
        key,
        datetime.fromisoformat(due_at).astimezone(UTC),
        refusal.reference,
        refusal.position,
        refusal.stream,
        correlation_id,
    )
