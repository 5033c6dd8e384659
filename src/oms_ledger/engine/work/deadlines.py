"""The loop of the deadlines: submits the command of each when it is due.

Deadlines are rows of a read model. What is due is submitted under an id and a receipt that follow
from kind, key and time, so that it happens once, whatever ends the worker and however many run. A
row stays until the read model has folded the event that ends it; the loop does not submit it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.work import consequences
from oms_ledger.engine.work.consequences import Consequence, Refusal, Submit
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.kernel import Command, Position

JOB = "deadlines"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look for what is due."""

PAGE_ROWS = 500

SETTLED_MAX = 10_000
"""How many submitted deadlines that are still open are remembered. Those that are forgotten are
submitted again, and answered from their receipts."""

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=10.0)

SOURCE = "deadline:"

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
    """Reads open deadlines of these kinds that are due until a time, the earliest first, but for
    those with a reference among `settled` and those that were refused."""

    def __call__(
        self, *, kinds: Sequence[str], until: datetime, settled: Sequence[str], limit: int
    ) -> Sequence[DueDeadline]: ...


class DeadlineRunner:
    """Submits what is due. Tests override the underscored steps to stop it in the middle.

    `commands` has the command of each kind; other kinds are left to programs that have them. `now`
    is the ledger's clock, and raises where clocks differ. `exclusive(job)` yields True to one
    process at a time. `record` keeps refusals. Used by one thread.
    """

    def __init__(
        self,
        commands: Mapping[str, MakeCommand],
        source: DeadlineSource,
        submit: Submit,
        record: Callable[[Sequence[Refusal]], None],
        exclusive: Callable[[str], AbstractContextManager[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self._commands = commands
        self._source = source
        self._submit = submit
        self._record = record
        self._exclusive = exclusive
        self._now = now
        self._settled: dict[str, None] = {}

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: submit what is due, or wait for it; False where another worker does
        so."""
        now = self._now()
        soon = self._open(now + timedelta(seconds=POLL_SECONDS), limit=1)
        wait = POLL_SECONDS
        if soon:
            wait = max(0.0, (soon[0].due_at - now).total_seconds())
        if wait > 0.0:
            stop.wait(wait)
            return True
        with self._exclusive(JOB) as mine:
            if mine:
                self._step(now)
        if not mine:
            stop.wait(POLL_SECONDS)
        return mine

    def step(self) -> int:
        """Submit one page of what is due; the number of commands."""
        return self._step(self._now())

    def _step(self, now: datetime) -> int:
        due = self._open(now, PAGE_ROWS)
        commands = [consequence_of(self._commands, each) for each in due]
        refusals = self._settle(commands)
        self._keep(refusals)
        if len(self._settled) + len(due) > SETTLED_MAX:
            self._settled.clear()
        self._settled.update(dict.fromkeys(each.reference for each in due))
        return len(due)

    def _open(self, until: datetime, limit: int) -> Sequence[DueDeadline]:
        return self._source(
            kinds=list(self._commands), until=until, settled=list(self._settled), limit=limit
        )

    def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
        return consequences.settle(commands, self._submit) if commands else []

    def _keep(self, refusals: Sequence[Refusal]) -> None:
        """Where the worker ends before this, the refusals come again from the receipts."""
        if refusals:
            self._record(refusals)


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
