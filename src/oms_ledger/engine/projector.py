"""The read path: fold pages of the log into read models, a page in a transaction.

Builds at the same position share the reading and decoding of a page. Each is then folded and
written by itself, rows and position together, and only if nobody else has moved it since.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import psycopg
import structlog

from oms_ledger.engine import pages, parked
from oms_ledger.engine.log import NOTIFY_CHANNEL
from oms_ledger.engine.outages import UNACCEPTABLE
from oms_ledger.engine.pages import Entry, Folding, LogPage, Poison, RowsAtHand
from oms_ledger.engine.read_models import Held, Leases, followed
from oms_ledger.engine.tables import Build
from oms_ledger.kernel import Position, ReadModel

Connection = psycopg.Connection[tuple[Any, ...]]

log = structlog.get_logger(__name__)

PROJECTIONS_CHANNEL = "ledger_projections"
"""One NOTIFY per written page goes here, for queries that wait for a position."""

MOVE = """
UPDATE projection_positions
SET position = %s, revision = revision + 1, updated_at = clock_timestamp()
WHERE name = %s AND version = %s AND position = %s AND revision = %s"""

POLL_SECONDS = 1.0
"""A NOTIFY is a hint, never the truth: without one, look this often."""

ASIDE_SECONDS = 5.0
"""How long a read model whose tables cannot be used is left alone, so that others go on."""

BACKOFF_SECONDS = (0.1, 5.0)


class Fenced(Exception):
    """Somebody else has moved the read model since its rows were read."""


class Projector:
    """Folds the log into the live builds of those of `models` that no other projector is folding.

    `connect` opens a connection in autocommit mode with the ledger's search_path. Used by one
    thread; `close` gives the leases back. Subclasses may interfere with the underscored steps,
    which is how tests stop a projector at an awkward moment.
    """

    state: ClassVar[str] = "live"
    """The state of the builds that it folds."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        models: Sequence[ReadModel],
        *,
        page_events: int = 5000,
        lease_seconds: float = 10.0,
        on_page: Callable[[ReadModel, Position], None] = lambda model, position: None,
    ) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._foldings: dict[Build, Folding] = {}
        self._page_events = page_events
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._leases = Leases(models, owner, lease_seconds, self.state)
        self._held: dict[Build, Held] = {}
        self._renew_at = 0.0
        self._parked: dict[Build, frozenset[str]] = {}
        self._aside: dict[Build, float] = {}
        self._on_page = on_page

    def __enter__(self) -> Projector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the leases back, so that another worker need not wait for them to run out."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._leases.give(self._connection)
        self._drop()

    # Running.

    def run(self, stop: threading.Event) -> None:
        """Fold until told to stop, whatever happens to the database meanwhile."""
        shortest, longest = BACKOFF_SECONDS
        pause = shortest
        while not stop.is_set():
            try:
                while not stop.is_set():
                    if not self.step():
                        self._wait()
                    pause = shortest
            except Exception as error:
                self._drop()
                log.warning("projector_interrupted", error=repr(error), again_in_seconds=pause)
                stop.wait(pause)
                pause = min(longest, pause * 2)
        self.close()

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
            if not self.step():
                self._wait(min(0.1, POLL_SECONDS))
        progress(target)

    def lowest_position(self) -> Position:
        """How far the read model that is furthest behind has got, whoever folds it."""
        return self._leases.lowest_position(self._connected())

    def _listen(self, connection: Connection) -> None:
        """Before the first look: what is appended in between then wakes the wait after it."""
        connection.execute(f"LISTEN {NOTIFY_CHANNEL}")

    def _wait(self, seconds: float = POLL_SECONDS) -> None:
        for _ in self._connected().notifies(timeout=seconds, stop_after=1):
            pass

    # One page.

    def step(self) -> int:
        """Fold one page into the read models that are furthest behind; how many events that
        was. 0 when there is nothing to do, or others are doing it. Raises
        `psycopg.OperationalError` when the database does not answer."""
        try:
            return self._step(self._connected())
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._drop()
            raise

    def _step(self, connection: Connection) -> int:
        ready = self._ready(connection)
        if not ready:
            return 0
        after = min(held.position for held in ready)
        group = [held for held in ready if held.position == after]
        others = (held.position for held in ready if held.position > after)
        until = min(after + self._page_events, *others, after + self._page_events)
        topics = frozenset().union(*(self._folding(h.build).topics for h in group))
        page = self._pull(connection, after, until, sorted(topics))
        if page is None:
            return 0
        for held in group:
            self._advance(connection, held, page)
        return page.size

    def _ready(self, connection: Connection) -> list[Held]:
        """The builds we may fold now. Leases are renewed well before they run out."""
        now = time.monotonic()
        if now >= self._renew_at or not self._held:
            known = self._held
            self._held = {held.build: held for held in self._leases.take(connection)}
            self._renew_at = now + self._leases.seconds / 3
            for build, held in self._held.items():
                if build not in known or known[build].revision != held.revision:
                    self._parked[build] = parked.streams(connection, build)
        return [held for build, held in self._held.items() if self._aside.get(build, 0.0) <= now]

    def _folding(self, build: Build) -> Folding:
        if build not in self._foldings:
            self._foldings[build] = self._new_folding(build)
        return self._foldings[build]

    def _new_folding(self, build: Build) -> Folding:
        return Folding(build)

    def _pull(
        self, connection: Connection, after: Position, until: Position, topics: Sequence[str]
    ) -> LogPage | None:
        return pages.pull(connection, after, until, topics)

    def _advance(self, connection: Connection, held: Held, page: LogPage) -> None:
        """Bring one read model to the page's end, whatever happens to the others."""
        name = str(held.build)
        try:
            self._fold_page(connection, held, page)
            self._on_page(held.model, page.last)
        except Fenced:
            log.info("fenced", read_model=name, position=held.position)
            del self._held[held.build]
            self._renew_at = 0.0
        except Exception:
            if connection.closed:
                raise
            # Its table is locked, gone, or not as it was made: others need not wait for it.
            log.exception("read_model_set_aside", read_model=name, position=held.position)
            self._aside[held.build] = time.monotonic() + ASIDE_SECONDS

    def _fold_page(self, connection: Connection, held: Held, page: LogPage) -> None:
        """The whole page at once; around a poisonous event in ever smaller parts, and after it
        in ever larger ones."""
        folding = self._folding(held.build)
        todo = [entry for entry in page.entries if folding.wants(entry)]
        size = len(todo)
        while True:
            part = todo[:size]
            last = page.last if size >= len(todo) else part[-1].position
            try:
                held = self._fold_part(connection, held, part, last)
            except Poison as poison:
                if len(part) > 1:
                    size = _before(part, poison)
                    continue
                held = self._park(connection, held, part[0], poison, last)
            todo = todo[size:]
            if not todo:
                return
            size *= 2

    def _fold_part(
        self, connection: Connection, held: Held, part: Sequence[Entry], last: Position
    ) -> Held:
        left_out = self._parked.get(held.build, frozenset())
        entries = [e for e in part if e.stream not in left_out] if left_out else part
        skipped = Counter(e.stream for e in part if e.stream in left_out)
        rows = self._fold(connection, held, entries)

        def write() -> None:
            self._store(connection, held, rows)
            parked.count_left_out(connection, held.build, skipped)

        return self._write(connection, held, last, write)

    def _fold(self, connection: Connection, held: Held, entries: Sequence[Entry]) -> RowsAtHand:
        return self._folding(held.build).fold(connection, entries)

    def _store(self, connection: Connection, held: Held, rows: RowsAtHand) -> None:
        pages.write(connection, rows)

    def _park(
        self, connection: Connection, held: Held, entry: Entry, poison: Poison, last: Position
    ) -> Held:
        build, stream, position = held.build, entry.stream, entry.position

        def write() -> None:
            parked.park(connection, build, stream, position, poison)

        held = self._write(connection, held, last, write)
        self._parked[build] |= {stream}
        log.error(
            "stream_parked",
            read_model=str(build),
            stream=stream,
            position=position,
            error=str(poison),
        )
        return held

    def _write(
        self, connection: Connection, held: Held, last: Position, write: Callable[[], None]
    ) -> Held:
        """Rows and position in one transaction, if the read model still is where it was when
        they were made."""
        try:
            self._transact(connection, (last, *held.build.key, held.position, held.revision), write)
        except (Poison, Fenced):
            connection.execute("ROLLBACK")
            raise
        except UNACCEPTABLE as error:
            connection.execute("ROLLBACK")
            raise Poison(None, error) from error
        except psycopg.Error:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise
        held = replace(held, position=last, revision=held.revision + 1)
        self._held[held.build] = held
        return held

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        """`move` are the parameters of MOVE. `Fenced` where that moves nothing."""
        with connection.pipeline() as pipeline:
            connection.execute("BEGIN", prepare=True)
            # First, so that who has been overtaken does not touch a row, and who has not
            # meets nobody there: a retry of parked streams takes this lock first too.
            moved = connection.execute(MOVE, move, prepare=True)
            pipeline.sync()
            if moved.rowcount != 1:
                raise Fenced
            write()
            connection.execute(f"NOTIFY {PROJECTIONS_CHANNEL}", prepare=True)
            connection.execute("COMMIT", prepare=True)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._drop()
            connection = self._connect()
            # Rows and positions are lost together, and then folded again from the log.
            connection.execute("SET synchronous_commit = off")
            self._listen(connection)
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def _before(part: Sequence[Entry], poison: Poison) -> int:
    """How many events to try next: those before the one that failed, or, where it is not known
    which that is, half."""
    if poison.position is None:
        return len(part) // 2
    return max(1, sum(entry.position < poison.position for entry in part))


def retry_parked(connection: Connection, models: Iterable[ReadModel], name: str) -> dict[str, bool]:
    """Try the parked streams of a read model again, in each of its builds that is followed; which
    of them succeeded, in all."""
    tried: dict[str, bool] = {}
    for model in models:
        if model.name == name:
            for build in followed(connection, model):
                for stream, done in parked.retry(connection, build).items():
                    tried[stream] = done and tried.get(stream, True)
    return tried
