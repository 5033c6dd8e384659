"""Reads the log page by page, for those who follow it with cursors: policies and effects."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Self

import psycopg
import structlog

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.pages import Entry, LogPage
from oms_ledger.engine.work import consequences, cursors
from oms_ledger.engine.work.consequences import Refusal
from oms_ledger.engine.work.cursors import CursorLeases
from oms_ledger.engine.work.state import new_holder
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""How often to read the log without a NOTIFY, which may be lost."""

GATHER_SECONDS = 0.03
"""How long to wait after a NOTIFY, so that a page has the events of several commits: reading a page
and moving a cursor costs as much for one event as for a hundred."""


class CursorRunner(ABC):
    """Follows the log with the cursors that no other worker has leased.

    `connect` opens a connection that acts as the projector, in autocommit mode. `event_types` are
    the stored names of the events that each cursor stops at. A page has at most `page_events`
    events. Used by one thread; `close` releases the leases.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        event_types: Mapping[str, Collection[str]],
        *,
        page_events: int,
        lease_seconds: float,
    ) -> None:
        self._connect = connect
        self._topics = {n: frozenset(pages.stored_names(t)) for n, t in event_types.items()}
        self._page_events = page_events
        self._leases = CursorLeases(self._topics, new_holder(), lease_seconds)
        self._held: dict[str, Position] = {}
        self._renew_at = 0.0
        self._connection: Connection | None = None

    @abstractmethod
    def _follow(
        self, connection: Connection, name: str, entries: Sequence[Entry], page: LogPage
    ) -> None:
        """Do what follows for one cursor from the events of a page, and move it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the leases, so that another worker need not wait until they expire."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._leases.release(self._connection)
        self._disconnect()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: follow one page, or wait for more events; False where other workers
        have all cursors."""
        try:
            connection = self._open_connection()
            if not self._step(connection):
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    stop.wait(GATHER_SECONDS)
            return bool(self._held)
        except Exception:
            self._disconnect()
            raise

    def step(self) -> int:
        """Follow one page, with the cursors that are furthest behind; the number of events. 0
        where all is read, or other workers have the leases."""
        return self._step(self._open_connection())

    def catch_up(self) -> None:
        """Follow all there is now."""
        while self.step():
            pass

    def _step(self, connection: Connection) -> int:
        self._renew_leases(connection)
        if not self._held:
            return 0
        after = min(self._held.values())
        names = [name for name, position in self._held.items() if position == after]
        others = [position for position in self._held.values() if position > after]
        until = min([after + self._page_events, *others])
        topics = sorted(frozenset().union(*(self._topics[name] for name in names)))
        page = pages.read_page(connection, after, until, topics)
        if page is None:
            return 0
        entries = {name: page.with_topics(self._topics[name]) for name in names}
        self._pass_over(connection, [n for n in names if not entries[n]], after, page.last)
        for name in names:
            if entries[name]:
                self._follow(connection, name, entries[name], page)
        return page.size

    def _renew_leases(self, connection: Connection) -> None:
        """Well before they expire."""
        if time.monotonic() >= self._renew_at or not self._held:
            self._held = self._leases.acquire(connection)
            self._renew_at = time.monotonic() + self._leases.seconds / 3

    def _pass_over(
        self, connection: Connection, names: Sequence[str], after: Position, last: Position
    ) -> None:
        """Move the cursors that stop at none of the events of a page."""
        if names:
            moved = cursors.move(connection, names, after, last)
            for name in names:
                self._moved(name, last, done=name in moved)

    def _move(
        self,
        connection: Connection,
        name: str,
        after: Position,
        last: Position,
        refusals: Sequence[Refusal],
    ) -> bool:
        """Move a cursor and record the refusals, both or neither; False where another worker has
        moved it, and has recorded them."""
        with connection.transaction():
            if not cursors.move(connection, [name], after, last):
                return False
            consequences.record(connection, refusals)
        return True

    def _moved(self, name: str, position: Position, *, done: bool) -> None:
        if done:
            self._held[name] = position
        else:
            log.info("cursor_overtaken", cursor=name, position=position)
            self._held.pop(name)
            self._renew_at = 0.0

    def _open_connection(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._disconnect()
            self._connection = self._connect()
            # A crash of the server may put a cursor back: what is submitted again has its receipts.
            self._connection.execute(SQL["commit_without_waiting"])
            # Before the log is first read: an event that comes in between ends the next wait.
            self._connection.execute(SQL["listen"].format(channel=NOTIFY_CHANNEL))
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
