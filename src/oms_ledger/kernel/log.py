"""The log as readers see it, up to a position."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from oms_ledger.kernel.events import Position, Recorded
from oms_ledger.kernel.states import S, State


class Log(Protocol):
    """The log up to a position: all there was then, and nothing that came later."""

    @property
    def position(self) -> Position:
        """The last position that is seen."""

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        """A stream's events in order."""

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        """Events of all streams in order, after a position; with `types`, those of these types
        alone."""

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        """A stream's state; with `until`, as of that position (inclusive) where it is lower."""

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        """Keys of the streams of a kind that had begun, in order of their bytes: those that
        start with `prefix` and come after the key `after`."""


AT_ONCE = 1000


def events_of(log: Log, stream: str, after_version: int = 0) -> Iterator[Recorded]:
    """A stream's events in order, however many: a thousand at a time are in memory."""
    while some := log.history(stream, after_version, AT_ONCE):
        yield from some
        after_version = some[-1].version


def all_events(
    log: Log, after: Position = 0, types: Collection[str] | None = None
) -> Iterator[Recorded]:
    """As `Log.events`, to the end of it, however long."""
    while some := log.events(after, AT_ONCE, types):
        yield from some
        after = some[-1].position
