"""Windows: the pages of one build that are written in one transaction while the next are folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Protocol

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.commit import FoldedWindow
from oms_ledger.engine.project.pages import EventPage, Folding, RowBuffer
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position

OVERLAP_EVENTS = 1000
"""A smaller page is written by the folding thread: the other thread would take longer."""


class Windows(Protocol):
    """The windows of one build, one at a time. `folding` folds its pages. `reads_in_flight` is
    true where rows whose write is in flight are read from a cache; otherwise the write must be
    committed before the next page is folded. `folds_elsewhere`: other processes fold, and go on
    with further builds while this one's window is not collected."""

    reads_in_flight: bool
    folds_elsewhere: bool

    @property
    def folding(self) -> Folding: ...

    @property
    def last(self) -> Position | None:
        """The position up to which the open window is folded; None where none is open."""

    @property
    def full(self) -> bool:
        """Whether the open window is to be written now."""

    def takes(self, page: EventPage) -> bool:
        """Whether the page is to be folded into a window."""

    def add(self, connection: Connection, page: EventPage, parked: Collection[str]) -> None:
        """Fold a page into the window, but for events of parked streams."""

    def ready(self, seconds: float) -> bool:
        """Whether the open window is folded. Waits for other processes, at most so long."""

    def folded(self, connection: Connection) -> FoldedWindow:
        """The open window, packed. It stays open."""

    def sent(self) -> None:
        """Close the window: it is being written, and the one before is committed."""

    def discard(self) -> int:
        """Discard the window and all rows that are cached; the number of rows."""


class PageWindows:
    """Each large page is a window. No row is cached."""

    reads_in_flight = False
    folds_elsewhere = False

    def __init__(self, build: Build) -> None:
        self.folding = Folding(build)
        self._open: tuple[Position, RowBuffer, Counter[str]] | None = None

    @property
    def last(self) -> Position | None:
        return None if self._open is None else self._open[0]

    @property
    def full(self) -> bool:
        return self._open is not None

    def takes(self, page: EventPage) -> bool:
        return page.size >= OVERLAP_EVENTS

    def add(self, connection: Connection, page: EventPage, parked: Collection[str]) -> None:
        entries, left_out = pages.without_parked(page.with_topics(self.folding.topics), parked)
        self._open = page.last, self.folding.fold(connection, entries), left_out

    def ready(self, seconds: float) -> bool:
        return True

    def folded(self, connection: Connection) -> FoldedWindow:
        assert self._open is not None, "a window is open"
        last, rows, left_out = self._open
        return FoldedWindow(last, pages.inserts(rows), left_out)

    def sent(self) -> None:
        self._open = None

    def discard(self) -> int:
        rows = 0 if self._open is None else self._open[1].size
        self._open = None
        return rows
