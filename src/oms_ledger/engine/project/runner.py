"""Whoever follows the log: a connection that is made anew when it breaks, leases on builds of read
models, a step at a time, and waiting for more."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import ClassVar, Self

import psycopg

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.engine.project.leases import Held, Leases
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.work.loops import BackOff, Loop
from oms_ledger.engine.work.state import new_holder
from oms_ledger.kernel import Position, ReadModel

POLL_SECONDS = 1.0
"""A NOTIFY is a hint, never the truth: without one, look this often."""

SQL = statements.queries(__package__)

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=5.0)
"""Shorter than for other loops: queries with `min_position` wait for read models."""


class ProjectionRunner(ABC):
    """Follows the log for those builds of `models`, in one `state`, that nobody else has.

    `connect` opens a connection in autocommit mode with the ledger's search_path. Used by one
    thread; `close` gives the leases back.
    """

    state: ClassVar[str] = "live"
    """The state of the builds that it folds."""

    def __init__(
        self, connect: Callable[[], Connection], models: Sequence[ReadModel], lease_seconds: float
    ) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._leases = Leases(models, new_holder(), lease_seconds, self.state)
        self._held: dict[Build, Held] = {}
        self._renew_at = 0.0

    @abstractmethod
    def _step(self, connection: Connection) -> int:
        """Fold one page. What comes of it may still be on its way when this returns; 0 is not
        returned before it has arrived."""

    @abstractmethod
    def _settle_all(self, connection: Connection) -> int:
        """Return when nothing is on its way any more; how much that was."""

    @abstractmethod
    def _moved(self, connection: Connection, build: Build) -> None:
        """Somebody else has written there, or may have."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the leases back, so that another worker need not wait for them to run out."""
        if self._connection is not None:
            with suppress(Exception):
                self._settle_all(self._connection)
                self._leases.give(self._connection)
        self._drop()

    def run(self, stop: threading.Event) -> None:
        """Fold until `stop` is set, whatever happens to the database meanwhile; then close."""
        Loop("projector", self.attempt, back_off=BACK_OFF).run(stop)
        self.close()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: fold one page, or wait for more events; False where other workers
        fold all there is to fold."""
        try:
            if not self.go_on():
                self._wait()
            return bool(self._held) or not self._leases.held_by_others(self._connected())
        except Exception:
            self._drop()
            raise

    def catch_up(
        self,
        target: Position,
        progress: Callable[[Position], None] = lambda _: None,
        timeout_seconds: float = float("inf"),
    ) -> None:
        """Fold until every read model has reached `target`, by us or by another worker.
        TimeoutError when that takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while (reached := self.lowest_position()) < target:
            progress(reached)
            if time.monotonic() > deadline:
                raise TimeoutError(f"read models are at {reached} of {target}")
            if not self.go_on():
                self._wait(min(0.1, POLL_SECONDS))
        progress(target)

    def step(self) -> int:
        """Fold one page into the read models that are furthest behind; how many events that
        was. 0 when there is nothing to do, or others are doing it. Raises
        `psycopg.OperationalError` when the database does not answer."""
        with self._dropping():
            size = self._step(self._connected())
            self._settle_all(self._connected())
        return size

    def go_on(self) -> int:
        """As `step`, but what was folded may still be on its way when it returns: PostgreSQL
        writes it while the next page is folded. Not 0 before all of it has arrived."""
        with self._dropping():
            return self._step(self._connected())

    def lowest_position(self) -> Position:
        """How far the read model that is furthest behind has got, whoever folds it."""
        return self._leases.lowest_position(self._connected())

    def _renew(self, connection: Connection) -> None:
        """Take what leases are to be had, and keep those we have."""
        known = self._held
        self._held = {held.build: held for held in self._leases.take(connection)}
        self._renew_at = time.monotonic() + self._leases.seconds / 3
        for build, held in self._held.items():
            if build not in known or known[build].revision != held.revision:
                self._moved(connection, build)

    def _lose(self, build: Build) -> None:
        """Forget where it is; the database knows."""
        self._held.pop(build, None)
        self._renew_at = 0.0

    def _listen(self, connection: Connection) -> None:
        """Before the first look: what is appended in between then wakes the wait after it."""
        connection.execute(SQL["listen"].format(channel=NOTIFY_CHANNEL))

    def _wait(self, seconds: float = POLL_SECONDS) -> None:
        for _ in self._connected().notifies(timeout=seconds, stop_after=1):
            pass

    @contextmanager
    def _dropping(self) -> Generator[None]:
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._drop()
            raise

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._drop()
            connection = self._connect_quickly()
            self._listen(connection)
            self._connection = connection
        return self._connection

    def _connect_quickly(self) -> Connection:
        connection = self._connect()
        # Rows and positions are lost together, and then folded again from the log.
        connection.execute(SQL["commit_without_waiting"])
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
