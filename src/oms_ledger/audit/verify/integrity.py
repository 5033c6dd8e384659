"""Fold the whole log once, from its first event, and say what cannot be right about it.

Of each event by itself: that it stands where it must, in the log and in its stream, and can be
read. What events add up to is for `books.py`. A stream of which an event is missing or cannot be
read is named once and left out from there on: what would be said of it after that follows from
this one fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.findings import Finding, be, events, shortened
from oms_ledger.audit.verify.invariants import Books
from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import Event, Meta, State

Decode: TypeAlias = Callable[[str, bytes], tuple[Event, Meta]]
"""An event from its stored name and bytes: `KeyError` for an unknown name, any other exception
where the bytes are not such an event."""


class Integrity:
    """Takes the events in (0, `until`], page by page. Memory grows with the streams there are,
    not with their events: what is settled is kept small."""

    def __init__(self, decode: Decode, until: int) -> None:
        self.books = Books()
        self.events = 0
        self.streams = dict.fromkeys(STATES, 0)
        self._decode = decode
        self._until = until
        self._position = 0
        self._recorded_at = datetime.min.replace(tzinfo=UTC)
        self._command = ""
        self._states: dict[str, State] = self.books.states
        self._left_out: set[str] = set()
        self._findings: list[Finding] = []

    @property
    def left_out(self) -> int:
        """How many streams could not be followed to their end."""
        return len(self._left_out)

    @property
    def recorded_at(self) -> datetime | None:
        """When the newest event that was read was recorded."""
        return self._recorded_at if self.events else None

    def page(self, stored: Sequence[StoredEvent]) -> None:
        for each in stored:
            self._take(each)

    def finish(self, *, whole: bool = True) -> list[Finding]:
        """What was found, in order of position. `whole` says that the last command is: a position
        that was named may lie within one, which then has not come to its end."""
        if self._position < self._until:
            self._gap(self._until + 1)
        if whole:
            self.books.end_of_command()
        found = sorted(self._findings + self.books.findings(), key=lambda f: f.first)
        kinds = dict.fromkeys(f.kind for f in found)
        return [f for kind in kinds for f in shortened(kind, (f for f in found if f.kind == kind))]

    def _take(self, stored: StoredEvent) -> None:
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
            self.books.end_of_command()
            self._command = meta.command_id
        if meta.recorded_at < self._recorded_at:
            self._backwards(stored, meta.recorded_at)
        else:
            self._recorded_at = meta.recorded_at
        if stream in self._left_out:
            self.books.excuse()
            return
        state = self._states.get(stream) or self._begun(stored)
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
        self.books.enter(position, stream, state, event)

    def _begun(self, stored: StoredEvent) -> State | None:
        """The state of a stream that is new, or was settled."""
        settled = self.books.reopened(stored.stream)
        if settled is not None:
            return settled
        category = stored.stream.partition("-")[0]
        kind = STATES.get(category)
        if kind is None:
            kinds = ", ".join(STATES)
            self._leave_out(stored, "unknown_stream", f"a stream of {kinds}", stored.stream)
            return None
        self.streams[category] += 1
        state = self._states[stored.stream] = kind()
        return state

    # What is wrong.

    def _gap(self, position: int) -> None:
        first, last = self._position + 1, position - 1
        if position <= self._position:
            text = f"event {position} comes after event {self._position}"
            self._find("position_twice", text, position, str(first), str(position))
            return
        text = f"{events(first, last)} {be(first, last)} missing from the log"
        self._findings.append(Finding("missing_event", text, first, last))
        self.books.excuse(next_too=True)

    def _unreadable(self, stored: StoredEvent, error: Exception) -> None:
        """Whose command it was is not known either: the one before, the one behind, or its own."""
        self.books.excuse(next_too=True)
        if isinstance(error, KeyError):
            known = "an event of the catalogue"
            self._leave_out(stored, "unknown_event_type", known, stored.type)
        else:
            expected = f"the fields of a {stored.type}"
            self._leave_out(stored, "undecodable_event", expected, _short(error))

    def _backwards(self, stored: StoredEvent, at: datetime) -> None:
        before = self._recorded_at.isoformat()
        text = f"event {stored.position} was recorded before the event that it follows"
        self._find("time_runs_backwards", text, stored.position, f"{before} or later",
                   at.isoformat(), stored.stream)  # fmt: skip

    def _misplaced(self, stored: StoredEvent, version: int) -> None:
        expected, found = f"version {version + 1}", f"version {stored.version}"
        self._leave_out(stored, "version_gap", expected, found)

    def _refused(self, stored: StoredEvent, error: Exception) -> None:
        expected = f"an event that can follow version {stored.version - 1}"
        self._leave_out(stored, "event_out_of_place", expected, f"{stored.type}: {_short(error)}")

    def _leave_out(self, stored: StoredEvent, kind: str, expected: str, found: str) -> None:
        self.books.excuse()
        self.books.forget(stored.stream)
        self._left_out.add(stored.stream)
        text = (
            f"event {stored.position} of {stored.stream}: {SAYINGS[kind]}; the stream's later"
            " events are left out of these checks"
        )
        self._find(kind, text, stored.position, expected, found, stored.stream)

    def _find(
        self, kind: str, text: str, at: int, expected: str, found: str, stream: str = ""
    ) -> None:
        self._findings.append(Finding(kind, text, at, at, stream, expected, found))


SAYINGS: Mapping[str, str] = {
    "unknown_stream": "nothing of that kind is kept in this ledger",
    "unknown_event_type": "nobody ever wrote events of that name",
    "undecodable_event": "its bytes are not what its name says",
    "version_gap": "its version is not the one that follows in its stream",
    "event_out_of_place": "what came before in its stream cannot lead to it",
}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
