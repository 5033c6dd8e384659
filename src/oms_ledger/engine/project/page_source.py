"""Where a projector gets the next page of the log from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol, TypeAlias

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.connection_thread import ConnectionThread
from oms_ledger.engine.project.pages import EventPage, StoredRows
from oms_ledger.engine.project.windows import OVERLAP_EVENTS
from oms_ledger.kernel import Position

ReadRows: TypeAlias = Callable[[Connection, Position, Position, Sequence[str]], StoredRows]


class PageRange(NamedTuple):
    """The events of a page of the log: those with these stored names, after a position and up to
    and including another."""

    after: Position
    until: Position
    topics: Sequence[str]


class PageSource(Protocol):
    def next_page(self, connection: Connection, wanted: PageRange) -> EventPage | None:
        """The page of a range; None where the log has no event there yet."""

    def close(self) -> None: ...


class PageReader:
    """Reads pages. After a full, large page the next is read while this one is folded, on a
    connection of its own."""

    def __init__(
        self, connect: Callable[[], Connection], read_rows: ReadRows = pages.read_rows
    ) -> None:
        self._thread = ConnectionThread(connect)
        self._read_rows = read_rows
        self._ahead: tuple[PageRange, Future[StoredRows]] | None = None

    def next_page(self, connection: Connection, wanted: PageRange) -> EventPage | None:
        read = self._read_rows
        ahead, self._ahead = self._ahead, None
        rows = ahead[1].result() if ahead is not None and ahead[0] == wanted else ()
        rows = rows or read(connection, *wanted)
        if len(rows) >= OVERLAP_EVENTS and rows[-1][0] == wanted.until:
            size = wanted.until - wanted.after
            then = PageRange(wanted.until, wanted.until + size, wanted.topics)
            self._ahead = (then, self._thread.submit(lambda reader: read(reader, *then)))
        return pages.page_of(rows)

    def close(self) -> None:
        self._thread.close()
        self._ahead = None
