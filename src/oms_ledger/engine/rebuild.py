"""Building beside: a read model folded anew from the first event on, while the live one answers.

The bulk path is the projector with larger pages. Rows stay at hand from page to page, so that few
are read back; those that are only appended, and those that were looked for and not there, go in by
COPY; indexes come last. Rows and position are one transaction as ever: whoever dies in the middle
is succeeded where it was. A build that is done follows the log until it is swapped or dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeAlias

import psycopg
import structlog
from psycopg import errors

from oms_ledger.domain.errors import OmsError
from oms_ledger.engine import builds
from oms_ledger.engine.pages import Entry, Folding, Poison, RowsAtHand, insert
from oms_ledger.engine.projector import (
    ASIDE_SECONDS,
    MOVE,
    PROJECTIONS_CHANNEL,
    Fenced,
    Projector,
)
from oms_ledger.engine.read_models import Held
from oms_ledger.engine.tables import Build, Table
from oms_ledger.kernel import Position, ReadModel, Row

Connection = psycopg.Connection[tuple[Any, ...]]
Owner: TypeAlias = Callable[[], AbstractContextManager[Connection]]
Rows: TypeAlias = dict[type[Row], dict[tuple[object, ...], Row]]
Keys: TypeAlias = Mapping[type[Row], set[tuple[object, ...]]]

log = structlog.get_logger(__name__)

PAGE_EVENTS = 20_000

ROWS_AT_HAND = 60_000
"""Of each build, at most; a few kilobytes each at worst."""

BULK_EVENTS = 1000
"""A page smaller than this is the end of the log, or of those that are ahead."""

COPY_ROWS = 20
"""Fewer are inserted with all the others: COPY is a round trip of its own."""

COLUMN_TYPES = """
SELECT attname, atttypid::bigint FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"""


class Keeping(Folding):
    """A folding that keeps rows from page to page, those touched last. They are as they are in the
    database for as long as nobody else writes there, which the build's revision tells.
    `absent` are the keys that the last page looked for and did not find."""

    def __init__(self, build: Build) -> None:
        super().__init__(build)
        self.absent: Keys = {}
        self._copied: dict[str, bool] = {}
        self.forget()

    def forget(self) -> None:
        """Also to be called when rows were changed and not written."""
        self._recent: Rows = {kind: {} for kind in self.tables}
        self._older: Rows = {kind: {} for kind in self.tables}

    def keep(self, page: RowsAtHand) -> None:
        """After they were written. When there are too many, those are let go that have not been
        touched since the last time."""
        for kind, rows in page.rows.items():
            self._recent[kind].update(rows)
        if sum(map(len, self._recent.values())) > ROWS_AT_HAND // 2:
            self._older = self._recent
            self._recent = {kind: {} for kind in self.tables}

    def _load(self, connection: Connection, named: Keys) -> Rows:
        kept = {kind: self._kept(kind, keys) for kind, keys in named.items()}
        missing = {kind: keys - kept[kind].keys() for kind, keys in named.items()}
        loaded = super()._load(connection, missing)
        self.absent = {kind: keys - loaded[kind].keys() for kind, keys in missing.items()}
        return {kind: rows | loaded[kind] for kind, rows in kept.items()}

    def _kept(
        self, kind: type[Row], keys: set[tuple[object, ...]]
    ) -> dict[tuple[object, ...], Row]:
        recent, older = self._recent[kind], self._older[kind]
        return {key: row for key in keys if (row := recent.get(key, older.get(key))) is not None}

    def takes_copy(self, connection: Connection, table: Table) -> bool:
        """COPY converts nothing: the columns must be of the very types that are sent."""
        if table.name not in self._copied:
            found = connection.execute(COLUMN_TYPES, (table.name,)).fetchall()
            there = {str(name): oid for name, oid in found}
            wanted = zip(table.columns, table.types, strict=True)
            self._copied[table.name] = all(there.get(c) == t.stored_oid for c, t in wanted)
        return self._copied[table.name]

    def store(self, connection: Connection, kind: type[Row], rows: Sequence[Row]) -> None:
        """Write rows of one table. `Poison` where a value cannot be stored."""
        table = self.tables[kind]
        absent = self.absent.get(kind, set())
        new = [r for r in rows if table.append_only or table.key_of(r) in absent]
        if len(new) < COPY_ROWS or not self.takes_copy(connection, table):
            insert(connection, table, rows)
            return
        try:
            data = table.copied(new)
        except Exception as error:
            raise Poison(None, error) from error
        with connection.cursor().copy(table.copy) as copy:
            copy.write(data)
        if len(new) < len(rows):
            insert(connection, table, [r for r in rows if table.key_of(r) not in absent])


class Builder(Projector):
    """Folds the log into builds that are not live yet; several in one pass, where they are at one
    position. `owner` lends an owner's connection, for what only an owner may do. After each large
    page it rests, as many times as long as that took: others need the machine too."""

    state: ClassVar[str] = builds.BUILDING

    def __init__(
        self,
        connect: Callable[[], Connection],
        owner: Owner,
        models: Sequence[ReadModel],
        *,
        page_events: int = PAGE_EVENTS,
        lease_seconds: float = 10.0,
        rest: float = 0.0,
        on_page: Callable[[ReadModel, Position], None] = lambda model, position: None,
    ) -> None:
        super().__init__(
            connect, models, page_events=page_events, lease_seconds=lease_seconds, on_page=on_page
        )
        self._owner = owner
        self._rest = rest
        self._shapes = {m.name: {o.version for o in models if o.name == m.name} for m in models}
        self._look_at = 0.0

    def _step(self, connection: Connection) -> int:
        started = time.monotonic()
        size = super()._step(connection)
        if size >= BULK_EVENTS:
            time.sleep(self._rest * (time.monotonic() - started))
        else:
            self._look_after()
        return size

    def _ready(self, connection: Connection) -> list[Held]:
        before = self._held
        ready = super()._ready(connection)
        for build, held in self._held.items():
            if build not in before or before[build].revision != held.revision:
                self._keeping(held).forget()  # somebody else has written there
                if held.position == 0:
                    self._furnish(held)
        return ready

    def _furnish(self, held: Held) -> None:
        """Who asked for it may not have been the owner."""
        with self._owner() as owner:
            builds.furnish(owner, held.model, held.build.number)

    def _look_after(self) -> None:
        """What else there is to do for those that have come to the end of the log."""
        now = time.monotonic()
        held = [h for build, h in self._held.items() if self._aside.get(build, 0.0) <= now]
        furthest = max((h.position for h in held), default=0)
        for each in held:
            if not each.indexed and each.position == furthest:
                self._finish(each)
        if now >= self._look_at:
            self._look_at = now + ASIDE_SECONDS
            for each in held:
                if each.indexed:
                    self._succeed(each)

    def _finish(self, held: Held) -> None:
        """Until then every page is a page in bulk; with indexes, pages are small."""
        self._keeping(held).forget()
        log.info("build_gets_indexes", read_model=str(held.build), position=held.position)
        with self._owner() as owner:
            done = builds.finish(owner, held.model, held.build.number)
        if not done:
            self._aside[held.build] = time.monotonic() + ASIDE_SECONDS
        self._renew_at = 0.0

    def _succeed(self, held: Held) -> None:
        """Take the place of a live build that nobody can fold any more: the program that could was
        replaced by this one, and older answers help nobody."""
        name = held.model.name
        with self._owner() as owner:
            if not builds.left_alone(owner, name, self._shapes[name]):
                return
            try:
                builds.swap(owner, name, held.build.number, seconds=1.0)
            except OmsError as error:
                log.warning("not_swapped", read_model=str(held.build), error=error.detail)
            else:
                log.info("swapped", read_model=str(held.build))

    def _new_folding(self, build: Build) -> Folding:
        return Keeping(build)

    def _keeping(self, held: Held) -> Keeping:
        folding = self._folding(held.build)
        assert isinstance(folding, Keeping)
        return folding

    def _fold_part(
        self, connection: Connection, held: Held, part: Sequence[Entry], last: Position
    ) -> Held:
        """What is at hand was changed by folding: unless it was written too, it is wrong."""
        keeping = self._keeping(held)
        self._page: RowsAtHand | None = None
        try:
            after = super()._fold_part(connection, held, part, last)
        except errors.UndefinedTable as error:  # it was dropped
            raise Fenced from error
        except BaseException:
            keeping.forget()
            raise
        if self._page is not None and len(part) >= BULK_EVENTS:
            keeping.keep(self._page)
        else:
            keeping.forget()
        return after

    def _store(self, connection: Connection, held: Held, rows: RowsAtHand) -> None:
        self._page = rows
        keeping = self._keeping(held)
        for kind, written in rows.written():
            keeping.store(connection, kind, written)

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        """Without a pipeline, in which there is no COPY."""
        connection.execute("BEGIN")
        if connection.execute(MOVE, move).rowcount != 1:
            raise Fenced
        write()
        connection.execute(f"NOTIFY {PROJECTIONS_CHANNEL}")
        connection.execute("COMMIT")
