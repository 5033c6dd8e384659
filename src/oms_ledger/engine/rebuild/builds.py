"""Builds: sets of a read model's tables, standing side by side. Made, finished, swapped, dropped.

What makes and drops tables needs the owner's connection; what only asks for a build does not. Any
number of processes may call any of it at the same time, beside projectors that fold and queries
that read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
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

LEFT_ALONE_SECONDS = 60.0

LOCK_MS = 250
"""How long to queue for a lock: others queue behind who queues. Then let go, and try again."""

AGAIN_SECONDS = 0.1

PATIENCE_SECONDS = 60.0

_IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)


@dataclass(frozen=True, slots=True)
class Known:
    """A build as the database has it: the code that folds rows of its shape may be gone. `since`:
    when it came into its state. `indexed`: it is whole. `followed`: somebody is folding it."""

    name: str
    number: int
    shape: int
    tables: tuple[str, ...]
    state: str
    since: datetime
    position: Position
    indexed: bool
    followed: bool

    @property
    def key(self) -> tuple[str, int]:
        return self.name, self.number

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class Behind(Exception):
    """The build has not reached the live one."""


def known(connection: Connection, name: str) -> list[Known]:
    """Every build of a read model, oldest first."""
    rows = connection.execute(SQL["list_builds"], (name,)).fetchall()
    return [Known(n, number, shape, tuple(t), *rest) for n, number, shape, t, *rest in rows]


def followed_shapes(connection: Connection) -> set[tuple[str, int]]:
    """Name and shape of every read model with a build that is building or live."""
    return set(connection.execute(SQL["shapes_in_use"]).fetchall())


def find(connection: Connection, name: str, number: int) -> Known:
    """`NotFound` where there is no such build."""
    every = known(connection, name)
    for build in every:
        if build.number == number:
            return build
    there = ", ".join(f"{b.number} ({b.state})" for b in every) or "none"
    raise NotFound(f"{name} has no build {number}. There are: {there}.")


def install(owner: Connection, model: ReadModel) -> None:
    """See to it that there is a build of the model's shape. The first of all is live at once. One
    of another shape is built beside it, and so is one that was retired when a later program's
    took its place: an earlier program is back."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        there = known(owner, model.name)
        ours = [build for build in there if build.shape == model.version]
        if not ours:
            _make(owner, model, there)
        elif all(build.state == RETIRED for build in ours):
            _set_state(owner, ours[-1], BUILDING)


def begin(connection: Connection, model: ReadModel) -> Known:
    """Ask for another build, made from the first event on; whoever builds sees it, makes its tables
    and begins. One that is being built already will do. For the projector, who owns nothing."""
    with connection.transaction():
        connection.execute(SQL["lock_builds"])
        for build in known(connection, model.name):
            if build.state == BUILDING and build.shape == model.version:
                return build
        number = _add(connection, model, live=False)
        return find(connection, model.name, number)


def furnish(owner: Connection, model: ReadModel, number: int) -> None:
    """Make the tables of a build that was asked for, where they are not there yet."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        there = [build for build in known(owner, model.name) if build.number == number]
        names = [name for build in there for name in _tables(build)]
        if names and not _exist(owner, names):
            _make_tables(owner, model, number, indexed=False)


def _make(owner: Connection, model: ReadModel, there: Sequence[Known]) -> None:
    """A position, and tables. Without a live build it is the live one, and whole at once."""
    live = all(build.state != LIVE for build in there)
    number = _add(owner, model, live=live)
    _make_tables(owner, model, number, indexed=live)
    if live:
        _show(owner, number, [kind.table for kind in model.rows])


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


def _exist(connection: Connection, tables: Sequence[str]) -> bool:
    row = connection.execute(SQL["table_exists"], (tables[0],)).fetchone()
    return row is not None and bool(row[0])


def finish(owner: Connection, model: ReadModel, number: int) -> bool:
    """Make the indexes that were left out. False when somebody else is at it, or has dropped the
    build."""
    with owner.transaction():
        owner.execute(SQL["no_statement_timeout"])
        turn = owner.execute(SQL["try_lock_indexes"], (model.name, number)).fetchone()
        if turn is None or not turn[0]:
            return False
        build = next((b for b in known(owner, model.name) if b.number == number), None)
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


def swap(owner: Connection, name: str, number: int, seconds: float = PATIENCE_SECONDS) -> None:
    """From now on queries see this build, and the one before is retired. One transaction, in which
    it is not behind the live one: nobody sees neither or both, or an older answer. `Refused` while
    it is not ready; `Unavailable` where it stays behind, or others do not let go of the views."""
    build = find(owner, name, number)
    if build.state == LIVE:
        return
    if build.state == RETIRED:
        raise Refused(
            f"{build} is retired, and nobody follows the log for it. Bring it up to date first:"
            f" `oms-ledger projections swap {name} --back`.",
            code="illegal_transition",
        )
    if not build.indexed:
        raise Refused(
            f"{build} is being built; it is at position {build.position:,}. Swap when it is done.",
            code="illegal_transition",
        )
    _patiently(lambda: _swapped(owner, build), f"{build} could not be swapped", seconds)


def _swapped(owner: Connection, build: Known) -> None:
    with owner.transaction():
        owner.execute(SQL["set_lock_timeout"], (str(LOCK_MS),))
        owner.execute(SQL["lock_builds"])
        owner.execute(SQL["lock_live"], (build.name,))
        before = next((b for b in known(owner, build.name) if b.state == LIVE), None)
        if before is not None:
            _await(owner, build, before.position)
            _set_state(owner, before, RETIRED)
            for table in set(before.tables) - set(build.tables):
                owner.execute(sql.SQL(SQL["drop_view"]).format(view=sql.Identifier(table)))
        _set_state(owner, build, LIVE)
        _show(owner, build.number, build.tables)


def _await(connection: Connection, build: Known, position: Position) -> None:
    """Return when the build is there and locked; `Behind` when that takes more than a moment: the
    live one is held meanwhile, and somebody may be waiting for it."""
    deadline = time.monotonic() + LOCK_MS / 1000
    while find(connection, *build.key).position < position:
        if time.monotonic() > deadline:
            raise Behind
        time.sleep(0.005)
    connection.execute(SQL["lock_position"], build.key)


def revive(owner: Connection, name: str, number: int) -> None:
    """Have a retired build followed again, so that it can be swapped."""
    with owner.transaction():
        owner.execute(SQL["lock_builds"])
        build = find(owner, name, number)
        if build.state == RETIRED:
            _set_state(owner, build, BUILDING)


def left_alone(connection: Connection, name: str, shapes: Iterable[int]) -> bool:
    """Is the live build of another shape than these, and folded by nobody any more?"""
    params = (name, list(shapes), LEFT_ALONE_SECONDS)
    return connection.execute(SQL["orphaned"], params).fetchone() is not None


def drop(owner: Connection, name: str, number: int, seconds: float = PATIENCE_SECONDS) -> None:
    """Drop a build that is not live, with its tables, once nobody reads them any more."""

    retired = find(owner, name, number).state == RETIRED
    readers = _open_transactions(owner) if retired else set()

    def dropped() -> None:
        if readers & _open_transactions(owner):
            raise Behind
        with owner.transaction():
            owner.execute(SQL["set_lock_timeout"], (str(LOCK_MS),))
            owner.execute(SQL["lock_builds"])
            build = find(owner, name, number)
            if build.state == LIVE:
                raise Refused(
                    f"{build} is live: queries see it. Swap another in first.",
                    code="illegal_transition",
                )
            _set_state(owner, build, DROPPED)
            owner.execute(SQL["unpark_all"], build.key)
            owner.execute(SQL["remove_dropped"], (name,))
            tables = _identifiers(_tables(build))
            owner.execute(sql.SQL(SQL["drop_tables"]).format(tables=tables))

    try:
        _patiently(dropped, f"{name} {number} could not be dropped", seconds)
    except errors.DependentObjectsStillExist as error:
        raise Refused(
            f"Something else in the database uses the tables of {name} {number}: {error}",
            code="illegal_transition",
        ) from error


def _open_transactions(owner: Connection) -> set[str]:
    return {name for (name,) in owner.execute(SQL["open_transactions"]).fetchall()}


def _patiently(act: Callable[[], None], failed: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (Behind, *_IN_THE_WAY) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{failed} in {seconds:g} s: {_why(error)} Try again when there is less to do."
                ) from error
            time.sleep(AGAIN_SECONDS)


def _why(error: Exception) -> str:
    if isinstance(error, Behind):
        return "it is behind, or somebody is still reading it."
    return f"others hold what it needs ({type(error).__name__})."


def _set_state(owner: Connection, build: Known, state: str) -> None:
    owner.execute(SQL["set_state"], (state, *build.key))


def _show(owner: Connection, number: int, tables: Iterable[str]) -> None:
    """Point the views of the tables' stable names at a build; for people, and their reports."""
    for table in tables:
        view, shown = sql.Identifier(table), sql.Identifier(table_name(table, number))
        make = sql.SQL(SQL["create_view"]).format(view=view, table=shown)
        try:
            with owner.transaction():
                owner.execute(make)
        except errors.InvalidTableDefinition:  # other columns: a view cannot lose one
            owner.execute(sql.SQL(SQL["drop_view"]).format(view=view))
            owner.execute(make)
    _grant(owner, "SELECT", list(tables), Role.READER)


def _tables(build: Known) -> list[str]:
    return [table_name(table, build.number) for table in build.tables]


def _identifiers(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _grant(owner: Connection, verbs: str, names: Sequence[str], role: Role) -> None:
    """What migrations/post-apply.sql says of tables that are there already."""
    schema = owner.execute(SQL["current_schema"]).fetchone()
    assert schema is not None, "the statement has one row"
    to = sql.Identifier(role.of(str(schema[0])))
    statement = sql.SQL(SQL["grant"])
    owner.execute(statement.format(verbs=sql.SQL(verbs), tables=_identifiers(names), role=to))
