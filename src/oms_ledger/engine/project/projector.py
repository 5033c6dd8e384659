"""The read path: fold pages of the log into read models, a page in a transaction.

Builds at the same position share the reading and decoding of a page. Each is then folded and
written by itself, rows and position together, and only if nobody else has moved it since. What a
large page changed is written while the next is being folded: of each build one page at a time, so
that its pages are committed in their order, and no row is read that is still on its way.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import psycopg
import structlog

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project import pages, parked
from oms_ledger.engine.project.connection_thread import Sender
from oms_ledger.engine.project.leases import Held, followed
from oms_ledger.engine.project.pages import (
    Entry,
    Folding,
    LogPage,
    Parcel,
    Poison,
    RowsAtHand,
    Stored,
)
from oms_ledger.engine.project.runner import ProjectionRunner
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position, ReadModel

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

PROJECTIONS_CHANNEL = "ledger_projections"
"""One NOTIFY per written page goes here, for queries that wait for a position."""

NOTIFY = SQL["notify"].format(channel=PROJECTIONS_CHANNEL)

ASIDE_SECONDS = 5.0
"""How long a read model whose tables cannot be used is left alone, so that others go on."""

OVERLAP_EVENTS = 1000
"""A smaller page is written at once: to hand it over would take longer."""


class Fenced(Exception):
    """Somebody else has moved the read model since its rows were read."""


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A transaction that was handed over: where its build is when it has been committed."""

    sent: Future[Held]
    position: Position


class Cut(NamedTuple):
    """What a page of the log holds: events of these stored names, after a position and up to
    another."""

    after: Position
    until: Position
    topics: Sequence[str]


class Projector(ProjectionRunner):
    """Folds the log into the live builds of those of `models` that no other projector is folding.
    Subclasses may interfere with the underscored steps, which is how tests stop a projector at an
    awkward moment."""

    overtaken: ClassVar[tuple[type[Exception], ...]] = (Fenced,)
    """What tells that a build is another's now."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        models: Sequence[ReadModel],
        *,
        page_events: int = 5000,
        lease_seconds: float = 10.0,
        on_page: Callable[[ReadModel, Position], None] = lambda model, position: None,
    ) -> None:
        super().__init__(connect, models, lease_seconds)
        self._foldings: dict[Build, Folding] = {}
        self._page_events = page_events
        self._parked: dict[Build, frozenset[str]] = {}
        self._sender = Sender(self._connect_quickly)
        self._reader = Sender(self._connect_quickly)
        self._ahead: tuple[Cut, Future[Stored]] | None = None
        self._on_its_way: dict[Build, OnItsWay] = {}
        self._careful: dict[Build, Position] = {}
        self._aside: dict[Build, float] = {}
        self._on_page = on_page

    # One page, all read models.

    def _step(self, connection: Connection) -> int:
        ready = self._ready(connection)
        if not ready:
            return 0
        after = min(self._reached(held) for held in ready)
        group = [held for held in ready if self._reached(held) == after]
        others = (self._reached(held) for held in ready if self._reached(held) > after)
        until = min(after + self._page_events, *others, after + self._page_events)
        topics = frozenset().union(*(self._folding(h.build).topics for h in group))
        page = self._next_page(connection, Cut(after, until, tuple(sorted(topics))))
        if page is None:
            return self._settle_all(connection)
        for held in group:
            with self._by_itself(connection, held, page.last):
                self._advance(connection, held, page)
        return page.size

    def _ready(self, connection: Connection) -> list[Held]:
        """The builds we may fold now. Leases are renewed well before they run out."""
        now = time.monotonic()
        if now >= self._renew_at or not self._held:
            self._wait_for_arrivals(connection)
            self._renew(connection)
        return [held for build, held in self._held.items() if self._aside.get(build, 0.0) <= now]

    def _reached(self, held: Held) -> Position:
        """How far it is folded, be it written or on its way."""
        on_its_way = self._on_its_way.get(held.build)
        return held.position if on_its_way is None else on_its_way.position

    def _moved(self, connection: Connection, build: Build) -> None:
        self._parked[build] = parked.streams(connection, build)

    def _folding(self, build: Build) -> Folding:
        if build not in self._foldings:
            self._foldings[build] = self._new_folding(build)
        return self._foldings[build]

    def _new_folding(self, build: Build) -> Folding:
        return Folding(build)

    def _fetch(
        self, connection: Connection, after: Position, until: Position, topics: Sequence[str]
    ) -> Stored:
        return pages.fetch(connection, after, until, topics)

    def _next_page(self, connection: Connection, cut: Cut) -> LogPage | None:
        """After a large page the next is read while this one is folded."""
        ahead, self._ahead = self._ahead, None
        rows = ahead[1].result() if ahead is not None and ahead[0] == cut else ()
        rows = rows or self._fetch(connection, *cut)
        if len(rows) >= OVERLAP_EVENTS and rows[-1][0] == cut.until:
            then = Cut(cut.until, cut.until + self._page_events, cut.topics)
            self._ahead = (then, self._reader.send(lambda reader: self._fetch(reader, *then)))
        return pages.page_of(rows)

    @contextmanager
    def _by_itself(self, connection: Connection, held: Held, until: Position) -> Generator[None]:
        """Whatever happens to one read model, the others go on. `until` is how far it may have
        been folded when it happens."""
        name, build = str(held.build), held.build
        try:
            yield
        except self.overtaken:
            log.info("fenced", read_model=name, position=held.position)
            self._lose(build)
        except Poison as poison:
            log.info("folded_again", read_model=name, position=held.position, error=str(poison))
            self._lose(build)
            self._careful[build] = until
        except Exception:
            if connection.closed or self._sender.broken:
                raise
            # Its table is locked, gone, or not as it was made: others need not wait for it.
            log.exception("read_model_set_aside", read_model=name, position=held.position)
            self._lose(build)
            self._aside[build] = time.monotonic() + ASIDE_SECONDS

    # One page, one read model.

    def _advance(self, connection: Connection, held: Held, page: LogPage) -> None:
        """Bring it to the page's end. Where that has failed, once more in parts, each of which is
        written before the next is folded."""
        careful = self._reached(held) < self._careful.get(held.build, 0)
        if self._overlaps(held.build, page) and not careful:
            self._fold_ahead(connection, held.build, page)
        else:
            self._arrive(held.build)
            self._fold_page(connection, self._held[held.build], page)
            self._on_page(held.model, page.last)

    def _overlaps(self, build: Build, page: LogPage) -> bool:
        return page.size >= OVERLAP_EVENTS

    def _fold_ahead(self, connection: Connection, build: Build, page: LogPage) -> None:
        """Have it written while others are folded, and the next page is read."""
        self._arrive(build)
        held = self._held[build]
        entries, left_out = self._split(build, page.among(self._folding(build).topics))
        rows = self._fold(connection, held, entries)
        self._hand_over(held, page.last, pages.inserts(rows), left_out)

    def _hand_over(
        self, held: Held, last: Position, parcels: Sequence[Parcel], left_out: Counter[str]
    ) -> None:
        def act(connection: Connection) -> Held:
            write = _sending(connection, held.build, parcels, left_out)
            return self._commit(connection, held, last, write)

        self._on_its_way[held.build] = OnItsWay(self._sender.send(act), last)

    def _arrive(self, build: Build) -> None:
        """Return when what is on its way has arrived, or raise why it has not."""
        on_its_way = self._on_its_way.pop(build, None)
        if on_its_way is not None:
            self._held[build] = held = on_its_way.sent.result()
            self._on_page(build.model, held.position)

    def _lose(self, build: Build) -> None:
        on_its_way = self._on_its_way.pop(build, None)
        if on_its_way is not None:
            wait([on_its_way.sent])
        super()._lose(build)

    def _wait_for_arrivals(self, connection: Connection) -> int:
        """How many builds had something on its way."""
        builds = list(self._on_its_way)
        for build in builds:
            last = self._on_its_way[build].position
            with self._by_itself(connection, self._held[build], last):
                self._arrive(build)
        return len(builds)

    def _settle_all(self, connection: Connection) -> int:
        return self._wait_for_arrivals(connection)

    def _fold_page(self, connection: Connection, held: Held, page: LogPage) -> None:
        """The whole page at once; around a poisonous event in ever smaller parts, and after it
        in ever larger ones."""
        todo = page.among(self._folding(held.build).topics)
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
        entries, left_out = self._split(held.build, part)
        parcels = pages.inserts(self._fold(connection, held, entries))
        write = _sending(connection, held.build, parcels, left_out)
        return self._write(connection, held, last, write)

    def _split(
        self, build: Build, entries: Sequence[Entry]
    ) -> tuple[Sequence[Entry], Counter[str]]:
        """Those of streams that are not parked; of those that are, how many of each."""
        out = self._parked.get(build)
        if not out:
            return entries, Counter()
        left_out = Counter(e.stream for e in entries if e.stream in out)
        return [e for e in entries if e.stream not in out], left_out

    def _fold(self, connection: Connection, held: Held, entries: Sequence[Entry]) -> RowsAtHand:
        return self._folding(held.build).fold(connection, entries)

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

    # One transaction.

    def _write(
        self, connection: Connection, held: Held, last: Position, write: Callable[[], None]
    ) -> Held:
        held = self._commit(connection, held, last, write)
        self._held[held.build] = held
        return held

    def _commit(
        self, connection: Connection, held: Held, last: Position, write: Callable[[], None]
    ) -> Held:
        """Rows and position in one transaction, if the read model still is where it was when
        they were made; where it is then. Called by either thread."""
        try:
            self._transact(connection, (last, *held.build.key, held.position, held.revision), write)
        except (Poison, Fenced):
            connection.execute("ROLLBACK")
            raise
        except DATA_ERRORS as error:
            connection.execute("ROLLBACK")
            raise Poison(None, error) from error
        except psycopg.Error:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise
        return replace(held, position=last, revision=held.revision + 1)

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        """`move` are the parameters of the statement `move_position`. `Fenced` where that moves
        nothing."""
        with connection.pipeline():
            connection.execute("BEGIN", prepare=True)
            # First, so that who has been overtaken does not touch a row, and who has not
            # meets nobody there: a retry of parked streams takes this lock first too.
            moved = connection.execute(SQL["move_position"], move, prepare=True)
        # How many rows it moved is known when the pipeline has ended, and not before: until then
        # -1 stands there, and rows sent now would be written by whoever was overtaken.
        if moved.rowcount != 1:
            raise Fenced
        with connection.pipeline():
            write()
            connection.execute(NOTIFY, prepare=True)
            connection.execute("COMMIT", prepare=True)

    def _drop(self) -> None:
        self._sender.close()
        self._reader.close()
        self._on_its_way.clear()
        self._ahead = None
        super()._drop()


def commit_unpipelined(
    connection: Connection, move: Sequence[object], write: Callable[[], None]
) -> None:
    """In a transaction that is open, without a pipeline: move the position, write and commit.
    `move` are the parameters of the statement `move_position`; `Fenced` where it moves nothing."""
    if connection.execute(SQL["move_position"], move).rowcount != 1:
        raise Fenced
    write()
    connection.execute(NOTIFY)
    connection.execute("COMMIT")


def _sending(
    connection: Connection, build: Build, parcels: Iterable[Parcel], left_out: Counter[str]
) -> Callable[[], None]:
    def send() -> None:
        for parcel in parcels:
            parcel.send(connection)
        parked.count_left_out(connection, build, left_out)

    return send


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
