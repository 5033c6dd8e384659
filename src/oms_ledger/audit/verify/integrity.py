"""Folds the log once, from its first event, and checks each event by itself.

Positions must be dense, versions dense within a stream, names and bytes decodable, times not
falling, and each event must be applicable to the state of its stream. Invariants across events are
checked by `invariants.py`. A stream with a missing or unreadable event has one finding, and is left
out from there on: any later finding would follow from the same fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.findings import Finding, be, events, shortened_by_kind
from oms_ledger.audit.verify.invariants import InvariantChecker
from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import Event, Meta, State

Decode: TypeAlias = Callable[[str, bytes], tuple[Event, Meta]]
"""Decodes an event from its stored type and bytes. `KeyError` for an unknown type, any other
exception where the bytes are not an event of that type."""


class LogChecker:
    """Checks the events in (0, `until`], page by page. Memory grows with the number of streams and
    not of events; closed orders are packed into a few bytes. `corrections` are times to which the
    ledger's was set back, each by the position behind which it was."""

    def __init__(
        self, decode: Decode, until: int, corrections: Mapping[int, datetime] | None = None
    ) -> None:
        self.invariants = InvariantChecker()
        self.events = 0
        self.streams = dict.fromkeys(STATES, 0)
        self._decode = decode
        self._until = until
        self._corrections = corrections or {}
        self._position = 0
        self._recorded_at = datetime.min.replace(tzinfo=UTC)
        self._command = ""
        self._states: dict[str, State] = self.invariants.states
        self._left_out: set[str] = set()
        self._findings: list[Finding] = []

    @property
    def left_out(self) -> int:
        """The number of streams that were left out from some event on."""
        return len(self._left_out)

    @property
    def recorded_at(self) -> datetime | None:
        """The time at which the newest event was recorded; None before the first event."""
        return self._recorded_at if self.events else None

    def page(self, stored: Sequence[StoredEvent]) -> None:
        """Check the next events, in order of position."""
        for each in stored:
            self._check(each)

    def finish(self, *, whole: bool = True) -> list[Finding]:
        """All findings, in order of position. `whole`: the last event ends its command. Without
        it, `until` may lie within a command, whose invariants need not hold yet."""
        if self._position < self._until:
            self._gap(self._until + 1)
        if whole:
            self.invariants.end_of_command()
        findings = sorted(self._findings + self.invariants.findings(), key=lambda f: f.first)
        return shortened_by_kind(findings)

    def _check(self, stored: StoredEvent) -> None:
        position, stream, version, topic, state_bytes = stored
        if position != self._position + 1:
            self._gap(position)
        self._position = position
        self.events += 1
        try:
            event, meta = self._decode(topic, state_bytes)
        except Exception as error:
            self._unreadable(stored, error)
            return
        if meta.command_id != self._command:
            self.invariants.end_of_command()
            self._command = meta.command_id
        self._recorded_at = self._corrections.get(position - 1, self._recorded_at)
        if meta.recorded_at < self._recorded_at:
            self._backwards(stored, meta.recorded_at)
        else:
            self._recorded_at = meta.recorded_at
        if stream in self._left_out:
            self.invariants.suspend()
            return
        state = self._states.get(stream) or self._new_state(stored)
        if state is None:
            return
        if version != state.version + 1:
            self._misplaced(stored, state.version)
            return
        try:
            state.apply(event)
        except Exception as error:
            self._refused(stored, error)
            return
        state.version = version
        self.invariants.apply(position, stream, state, event)

    def _new_state(self, stored: StoredEvent) -> State | None:
        """The state of a stream that is new, or of an order that was closed; None for a stream of
        an unknown category."""
        reopened = self.invariants.reopen(stored.stream)
        if reopened is not None:
            return reopened
        category = stored.stream.partition("-")[0]
        kind = STATES.get(category)
        if kind is None:
            kinds = ", ".join(STATES)
            self._leave_out(stored, "unknown_stream", f"a stream of {kinds}", stored.stream)
            return None
        self.streams[category] += 1
        state = self._states[stored.stream] = kind()
        return state

    # Findings.

    def _gap(self, position: int) -> None:
        first, last = self._position + 1, position - 1
        if position <= self._position:
            text = f"event {position} comes after event {self._position}"
            self._find("position_twice", text, position, str(first), str(position))
            return
        text = f"{events(first, last)} {be(first, last)} missing from the log"
        self._findings.append(Finding("missing_event", text, first, last))
        self.invariants.suspend(next_too=True)

    def _unreadable(self, stored: StoredEvent, error: Exception) -> None:
        """The event's command is unknown: the one before it, the one after it, or its own."""
        self.invariants.suspend(next_too=True)
        if isinstance(error, KeyError):
            expected = "an event of the catalogue"
            self._leave_out(stored, "unknown_event_type", expected, stored.type)
        else:
            expected = f"the fields of a {stored.type}"
            self._leave_out(stored, "undecodable_event", expected, _short(error))

    def _backwards(self, stored: StoredEvent, at: datetime) -> None:
        before = self._recorded_at.isoformat()
        text = f"event {stored.position} was recorded before the event that it follows"
        self._find("time_runs_backwards", text, stored.position, f"{before} or later",
                   at.isoformat(), stored.stream)  # fmt: skip

    def _misplaced(self, stored: StoredEvent, version: int) -> None:
        expected, actual = f"version {version + 1}", f"version {stored.version}"
        self._leave_out(stored, "version_gap", expected, actual)

    def _refused(self, stored: StoredEvent, error: Exception) -> None:
        expected = f"an event that can follow version {stored.version - 1}"
        self._leave_out(stored, "event_out_of_place", expected, f"{stored.type}: {_short(error)}")

    def _leave_out(self, stored: StoredEvent, kind: str, expected: str, actual: str) -> None:
        self.invariants.suspend()
        self.invariants.leave_out(stored.stream)
        self._left_out.add(stored.stream)
        text = (
            f"event {stored.position} of {stored.stream}: {REASONS[kind]}; the stream's later"
            " events are left out of these checks"
        )
        self._find(kind, text, stored.position, expected, actual, stored.stream)

    def _find(
        self, kind: str, text: str, at: int, expected: str, actual: str, stream: str = ""
    ) -> None:
        self._findings.append(Finding(kind, text, at, at, stream, expected, actual))


REASONS: Mapping[str, str] = {
    "unknown_stream": "nothing of that kind is kept in this ledger",
    "unknown_event_type": "nobody ever wrote events of that name",
    "undecodable_event": "its bytes are not what its name says",
    "version_gap": "its version is not the one that follows in its stream",
    "event_out_of_place": "what came before in its stream cannot lead to it",
}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
