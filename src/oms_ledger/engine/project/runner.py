"""Runs a projection: a connection that is replaced when it breaks, leases on builds of read models,
one step at a time, and waiting for more events."""

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
from oms_ledger.engine.project.leases import LeasedBuild, Leases
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.work.loops import BackOff, Loop
from oms_ledger.engine.work.state import new_holder
from oms_ledger.kernel import Position, ReadModel

POLL_SECONDS = 1.0
"""How often to read the log without a NOTIFY, which may be lost."""

SQL = statements.queries(__package__)

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=5.0)
"""Shorter than for other loops: queries with `min_position` wait for read models."""


class ProjectionRunner(ABC):
    """Folds the log into those builds of `models`, in one `state`, that no other worker has leased.

    `connect` opens a connection in autocommit mode with the ledger's search_path. Used by one
    thread; `close` releases the leases.
    """

    state: ClassVar[str] = "live"
    """The state of the builds that it folds, one of `engine/rebuild/builds.py`."""

    def __init__(
        self, connect: Callable[[], Connection], models: Sequence[ReadModel], lease_seconds: float
    ) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._leases = Leases(models, new_holder(), lease_seconds, self.state)
        self._held: dict[Build, LeasedBuild] = {}
        self._renew_at = 0.0

    @abstractmethod
    def _step(self, connection: Connection) -> int:
        """Fold one page; the number of events. Its write may still be in flight at the return;
        where it returns 0, no write is."""

    @abstractmethod
    def _flush(self, connection: Connection) -> int:
        """Wait until no write is in flight; the number of builds that had one."""

    @abstractmethod
    def _reset(self, connection: Connection, build: Build) -> None:
        """Forget what is cached of a build: another worker has written there, or may have."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the writes and release the leases, so that another worker need not wait until they
        expire."""
        if self._connection is not None:
            with suppress(Exception):
                self._flush(self._connection)
                self._leases.release(self._connection)
        self._disconnect()

    def run(self, stop: threading.Event) -> None:
        """Fold until `stop` is set, whatever happens to the database meanwhile; then close."""
        Loop("projector", self.attempt, back_off=BACK_OFF).run(stop)
        self.close()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: fold one page, or wait for more events; False where other workers
        fold all there is to fold."""
        try:
            if not self.advance():
                self._wait()
            return bool(self._held) or not self._leases.held_by_others(self._open_connection())
        except Exception:
            self._disconnect()
            raise

    def catch_up(
        self,
        target: Position,
        progress: Callable[[Position], None] = lambda _: None,
        timeout_seconds: float = float("inf"),
    ) -> None:
        """Fold until every read model has reached `target`, here or in another worker.
        `TimeoutError` after `timeout_seconds`."""
        deadline = time.monotonic() + timeout_seconds
        while (reached := self.lowest_position()) < target:
            progress(reached)
            if time.monotonic() > deadline:
                raise TimeoutError(f"read models are at {reached} of {target}")
            if not self.advance():
                self._wait(min(0.1, POLL_SECONDS))
        progress(target)

    def step(self) -> int:
        """Fold and write one page into the builds that are furthest behind; the number of events. 0
        where all is folded, or other workers have the leases. `psycopg.OperationalError` where the
        database does not answer."""
        with self._disconnecting_on_outage():
            size = self._step(self._open_connection())
            self._flush(self._open_connection())
        return size

    def advance(self) -> int:
        """As `step`, but the write may still be in flight when it returns: PostgreSQL writes one
        page while the next is folded. Where it returns 0, no write is in flight."""
        with self._disconnecting_on_outage():
            return self._step(self._open_connection())

    def lowest_position(self) -> Position:
        """The position of the build that is furthest behind, whichever worker folds it."""
        return self._leases.lowest_position(self._open_connection())

    def _renew_leases(self, connection: Connection) -> None:
        """Acquire the leases that are free, and renew those held here."""
        before = self._held
        self._held = {held.build: held for held in self._leases.acquire(connection)}
        self._renew_at = time.monotonic() + self._leases.seconds / 3
        for build, held in self._held.items():
            if build not in before or before[build].revision != held.revision:
                self._reset(connection, build)

    def _drop_lease(self, build: Build) -> None:
        """Treat a build as not leased. The next renewal reads its position again."""
        self._held.pop(build, None)
        self._renew_at = 0.0

    def _listen(self, connection: Connection) -> None:
        """Called before the log is first read: an event that is appended in between then ends the
        wait that follows."""
        connection.execute(SQL["listen"].format(channel=NOTIFY_CHANNEL))

    def _wait(self, seconds: float = POLL_SECONDS) -> None:
        """Wait for an event. One that has nothing to fold waits all of the time: what it would look
        for at each event are leases, which change seldom."""
        stop_after = 1 if self._held else None
        for _ in self._open_connection().notifies(timeout=seconds, stop_after=stop_after):
            pass

    @contextmanager
    def _disconnecting_on_outage(self) -> Generator[None]:
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._disconnect()
            raise

    def _open_connection(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._disconnect()
            connection = self._connect_without_waiting()
            self._listen(connection)
            self._connection = connection
        return self._connection

    def _connect_without_waiting(self) -> Connection:
        connection = self._connect()
        # A crash of the server loses rows and position together, and they are folded again.
        connection.execute(SQL["commit_without_waiting"])
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
