"""Builds: sets of a read model's tables that stand side by side, and the states they go through.

    from        to          by
    (none)      live        `install`, where the read model has no live build yet
    (none)      building    `install`, where the live build has another shape; `request_build`
    building    live        `swap`
    live        retired     `swap`, of another build into its place
    retired     building    `resume`; `install`, where an earlier program is back
    building    dropped     `drop`
    retired     dropped     `drop`

A build that is building or live is folded by workers, under a lease; queries see the live one. A
build that is building gets its indexes last (`indexed`), and can be swapped after that. A retired
build is not folded until it is resumed.

Functions that make or drop tables need a connection of the owner. Any number of processes may call
all of them at the same time, beside projectors that fold and queries that read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import errors, sql

from oms_ledger.domain.errors import NotFound, Refused, Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.db.statements import table_name
from oms_ledger.kernel import Position, ReadModel

SQL = statements.queries(__package__)

BUILDING, LIVE, RETIRED, DROPPED = "building", "live", "retired", "dropped"

TRANSITIONS: Mapping[str, frozenset[str]] = {
    BUILDING: frozenset({LIVE, DROPPED}),
    LIVE: frozenset({RETIRED}),
    RETIRED: frozenset({BUILDING, DROPPED}),
    DROPPED: frozenset(),
}
"""The states that may follow each state."""

ORPHANED_SECONDS = 60.0
"""A live build whose lease ended so long ago is folded by no worker any more."""

LOCK_MS = 250
"""How long to wait for a lock before letting go and trying again: other sessions queue behind one
that waits."""

RETRY_SECONDS = 0.1

TIMEOUT_SECONDS = 60.0
"""How long `swap` and `drop` try before `Unavailable`."""

_LOCK_ERRORS = (errors.LockNotAvailable, errors.DeadlockDetected)


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """A build as the database has it; the code of its shape may be gone. `since` is when it came
    into its `state`. `indexed` tells whether its indexes are made, `leased` whether a worker folds
    it."""

    name: str
    number: int
    shape: int
    tables: tuple[str, ...]
    state: str
    since: datetime
    position: Position
    indexed: bool
    leased: bool

    @property
    def key(self) -> tuple[str, int]:
        return self.name, self.number

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class BuildBehind(Exception):
    """The build has not reached the live one, or transactions still read its tables."""


def list_builds(connection: Connection, name: str) -> list[BuildRecord]:
    """Every build of a read model that is not dropped, by number."""
    rows = connection.execute(SQL["list_builds"], (name,)).fetchall()
    return [BuildRecord(n, number, shape, tuple(t), *rest) for n, number, shape, t, *rest in rows]


def shapes_in_use(connection: Connection) -> set[tuple[str, int]]:
    """Name and shape of every read model with a build that is building or live."""
    return set(connection.execute(SQL["shapes_in_use"]).fetchall())


def find_build(connection: Connection, name: str, number: int) -> BuildRecord:
    """The build of this number; `NotFound` where there is none."""
    every = list_builds(connection, name)
    for build in every:
        if build.number == number:
            return build
    numbers = ", ".join(f"{b.number} ({b.state})" for b in every) or "none"
    raise NotFound(f"{name} has no build {number}. There are: {numbers}.")


def install(owner: Connection, model: ReadModel) -> None:
    """Ensure that a build of the model's shape is live or building. The first build of a read model
    is live at once. Beside a live one of another shape it is building, and so is one that was
    retired when a later program's took its place."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        there = list_builds(owner, model.name)
        same_shape = [build for build in there if build.shape == model.version]
        if not same_shape:
            _make_build(owner, model, there)
        elif all(build.state == RETIRED for build in same_shape):
            set_state(owner, same_shape[-1], BUILDING)


def request_build(connection: Connection, model: ReadModel) -> BuildRecord:
    """Request a build from the first event on; a worker that may make tables makes them and begins.
    Where one of this shape is building already, that one. Needs the rights of the projector."""
    with connection.transaction():
        connection.execute(SQL["lock_builds"])
        for build in list_builds(connection, model.name):
            if build.state == BUILDING and build.shape == model.version:
                return build
        number = _add(connection, model, live=False)
        return find_build(connection, model.name, number)


def make_tables(owner: Connection, model: ReadModel, number: int) -> None:
    """Make the tables of a requested build, where they do not exist yet."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        there = [build for build in list_builds(owner, model.name) if build.number == number]
        names = [name for build in there for name in _tables(build)]
        if names and not _tables_exist(owner, names):
            _make_tables(owner, model, number, indexed=False)


def _make_build(owner: Connection, model: ReadModel, there: Sequence[BuildRecord]) -> None:
    """Make a build with its tables. Without a live build it is live, and has its indexes at
    once."""
    live = all(build.state != LIVE for build in there)
    number = _add(owner, model, live=live)
    _make_tables(owner, model, number, indexed=live)
    if live:
        _point_views(owner, number, [kind.table for kind in model.rows])


def _add(connection: Connection, model: ReadModel, *, live: bool) -> int:
    last = connection.execute(SQL["last_number"], (model.name,)).fetchone()
    number = max(model.version, last[0] + 1 if last else 1)
    names = [kind.table for kind in model.rows]
    state = LIVE if live else BUILDING
    connection.execute(SQL["add_build"], (model.name, number, model.version, names, state, live))
    return number


def _make_tables(owner: Connection, model: ReadModel, number: int, *, indexed: bool) -> None:
    tables, indexes = statements.definitions(statements.source(model, "table.sql"), number)
    for statement in (*tables, *(indexes if indexed else ())):
        owner.execute(statement)
    names = [table_name(kind.table, number) for kind in model.rows]
    _grant(owner, "SELECT, INSERT, UPDATE", names, Role.PROJECTOR)
    _grant(owner, "SELECT", names, Role.READER)


def _tables_exist(connection: Connection, tables: Sequence[str]) -> bool:
    row = connection.execute(SQL["table_exists"], (tables[0],)).fetchone()
    return row is not None and bool(row[0])


def make_indexes(owner: Connection, model: ReadModel, number: int) -> bool:
    """Make the indexes, which were left out at first. False where another process is making them,
    or the build was dropped."""
    with owner.transaction():
        owner.execute(SQL["no_statement_timeout"])
        turn = owner.execute(SQL["try_lock_indexes"], (model.name, number)).fetchone()
        if turn is None or not turn[0]:
            return False
        build = next((b for b in list_builds(owner, model.name) if b.number == number), None)
        if build is None:
            return False
        if not build.indexed:
            _, indexes = statements.definitions(statements.source(model, "table.sql"), number)
            for statement in indexes:
                owner.execute(statement)
            owner.execute(sql.SQL(SQL["analyze"]).format(tables=_identifiers(_tables(build))))
            owner.execute(SQL["set_indexed"], build.key)
    return True


# Swapping.


def swap(owner: Connection, name: str, number: int, seconds: float = TIMEOUT_SECONDS) -> None:
    """Make this build the live one and retire the one before, in one transaction in which it is not
    behind: queries see exactly one of them, and no older answer. `Refused` where it is not indexed
    or is retired; `Unavailable` where it stays behind, or other sessions hold the views locked."""
    build = find_build(owner, name, number)
    if build.state == LIVE:
        return
    if build.state == RETIRED:
        raise Refused(
            f"{build} is retired, and no worker folds it. Bring it up to date first:"
            f" `oms-ledger projections swap {name} --back`.",
            code="illegal_transition",
        )
    if not build.indexed:
        raise Refused(
            f"{build} is being built; it is at position {build.position:,}. Swap when it is done.",
            code="illegal_transition",
        )
    _retrying(lambda: _try_swap(owner, build), f"{build} could not be swapped", seconds)


def _try_swap(owner: Connection, build: BuildRecord) -> None:
    with owner.transaction():
        owner.execute(SQL["set_lock_timeout"], (str(LOCK_MS),))
        owner.execute(SQL["lock_builds"])
        owner.execute(SQL["lock_live"], (build.name,))
        before = next((b for b in list_builds(owner, build.name) if b.state == LIVE), None)
        if before is not None:
            _await_position(owner, build, before.position)
            set_state(owner, before, RETIRED)
            for table in set(before.tables) - set(build.tables):
                owner.execute(sql.SQL(SQL["drop_view"]).format(view=sql.Identifier(table)))
        set_state(owner, build, LIVE)
        _point_views(owner, build.number, build.tables)


def _await_position(connection: Connection, build: BuildRecord, position: Position) -> None:
    """Wait until the build has reached a position, and lock it there. `BuildBehind` after LOCK_MS,
    because the live build is locked meanwhile."""
    deadline = time.monotonic() + LOCK_MS / 1000
    while find_build(connection, *build.key).position < position:
        if time.monotonic() > deadline:
            raise BuildBehind
        time.sleep(0.005)
    connection.execute(SQL["lock_position"], build.key)


def resume(owner: Connection, name: str, number: int) -> None:
    """Have workers fold a retired build again, so that it can be swapped."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        build = find_build(owner, name, number)
        if build.state == RETIRED:
            set_state(owner, build, BUILDING)


def is_orphaned(connection: Connection, name: str, shapes: Iterable[int]) -> bool:
    """Whether the live build is of none of these shapes, and no worker folds it any more."""
    params = (name, list(shapes), ORPHANED_SECONDS)
    return connection.execute(SQL["orphaned"], params).fetchone() is not None


def drop(owner: Connection, name: str, number: int, seconds: float = TIMEOUT_SECONDS) -> None:
    """Drop a build that is not live, with its tables, once no transaction reads them any more."""

    retired = find_build(owner, name, number).state == RETIRED
    readers = _open_transactions(owner) if retired else set()

    def dropped() -> None:
        if readers & _open_transactions(owner):
            raise BuildBehind
        with owner.transaction():
            owner.execute(SQL["set_lock_timeout"], (str(LOCK_MS),))
            owner.execute(SQL["lock_builds"])
            build = find_build(owner, name, number)
            if build.state == LIVE:
                raise Refused(
                    f"{build} is live: queries see it. Swap another in first.",
                    code="illegal_transition",
                )
            set_state(owner, build, DROPPED)
            owner.execute(SQL["unpark_all"], build.key)
            owner.execute(SQL["remove_dropped"], (name,))
            tables = _identifiers(_tables(build))
            owner.execute(sql.SQL(SQL["drop_tables"]).format(tables=tables))

    try:
        _retrying(dropped, f"{name} {number} could not be dropped", seconds)
    except errors.DependentObjectsStillExist as error:
        raise Refused(
            f"Something else in the database uses the tables of {name} {number}: {error}",
            code="illegal_transition",
        ) from error


def _open_transactions(owner: Connection) -> set[str]:
    return {name for (name,) in owner.execute(SQL["open_transactions"]).fetchall()}


def _retrying(act: Callable[[], None], failed: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (BuildBehind, *_LOCK_ERRORS) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{failed} in {seconds:g} s: {_why(error)} Try again when there is less to do."
                ) from error
            time.sleep(RETRY_SECONDS)


def _why(error: Exception) -> str:
    if isinstance(error, BuildBehind):
        return "it is behind, or a transaction still reads it."
    return f"other sessions hold locks that it needs ({type(error).__name__})."


def set_state(owner: Connection, build: BuildRecord, state: str) -> None:
    """`ValueError` where the state cannot follow that of the record."""
    if state not in TRANSITIONS[build.state]:
        raise ValueError(f"{build} is {build.state} and cannot become {state}")
    owner.execute(SQL["set_state"], (state, *build.key))


def _point_views(owner: Connection, number: int, tables: Iterable[str]) -> None:
    """Point the views with the stable names of the tables at a build; they are for reports."""
    for table in tables:
        view, target = sql.Identifier(table), sql.Identifier(table_name(table, number))
        make = sql.SQL(SQL["create_view"]).format(view=view, table=target)
        try:
            with owner.transaction():
                owner.execute(make)
        except errors.InvalidTableDefinition:  # other columns: a view cannot lose one
            owner.execute(sql.SQL(SQL["drop_view"]).format(view=view))
            owner.execute(make)
    _grant(owner, "SELECT", list(tables), Role.READER)


def _tables(build: BuildRecord) -> list[str]:
    return [table_name(table, build.number) for table in build.tables]


def _identifiers(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _grant(owner: Connection, verbs: str, names: Sequence[str], role: Role) -> None:
    """Grant as migrations/post-apply.sql does for tables that exist already."""
    schema = owner.execute(SQL["current_schema"]).fetchone()
    assert schema is not None, "the statement has one row"
    to = sql.Identifier(role.of(str(schema[0])))
    statement = sql.SQL(SQL["grant"])
    owner.execute(statement.format(verbs=sql.SQL(verbs), tables=_identifiers(names), role=to))
