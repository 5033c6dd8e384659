"""Read models in the database: their tables, how far they have got, and who is folding them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from oms_ledger.domain.errors import NotFound
from oms_ledger.engine import statements
from oms_ledger.engine.pool import app_role
from oms_ledger.engine.tables import tables_of
from oms_ledger.engine.times import recorded_at_of
from oms_ledger.kernel import Position, ReadModel

Connection = psycopg.Connection[tuple[Any, ...]]

TAKE_TURN = """
SELECT pg_advisory_xact_lock(hashtextextended('oms-ledger read models ' || current_schema, 0))"""

VERSIONS = "SELECT version, state FROM projection_positions WHERE name = %s"

ADD_POSITION = """
INSERT INTO projection_positions (name, version, state, updated_at) VALUES (%s, %s, %s, %s)"""

SET_STATE = """
UPDATE projection_positions SET state = %s, revision = revision + 1
WHERE name = %s AND version = %s"""

STATUS = """
SELECT p.name, p.version, p.position, p.state, h.position, e.state, clock_timestamp(),
       (SELECT count(*) FROM parked_streams AS s WHERE s.name = p.name AND s.version = p.version)
FROM projection_positions AS p
CROSS JOIN ledger_head AS h
LEFT JOIN ledger_events AS e ON e.notification_id = p.position + 1
ORDER BY p.name, p.version"""

PARKED = """
SELECT name, version, stream, first_position, events, error, parked_at, attempts
FROM parked_streams WHERE name = %s ORDER BY first_position"""

# Taken when it is free, one's own, or its owner has not been heard of for too long.
TAKE_LEASES = """
UPDATE projection_positions AS p
SET lease_owner = %(owner)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
FROM unnest(%(names)s::text[], %(versions)s::int[]) AS want (name, version)
WHERE p.name = want.name AND p.version = want.version AND p.state <> 'retired'
  AND (p.lease_owner IS NULL OR p.lease_owner = %(owner)s OR p.lease_until < clock_timestamp())
RETURNING p.name, p.position, p.revision"""

GIVE_LEASES = """
UPDATE projection_positions SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = %s"""

LOWEST = """
SELECT coalesce(min(coalesce(p.position, 0)), 0)
FROM unnest(%s::text[], %s::int[]) AS want (name, version)
LEFT JOIN projection_positions AS p USING (name, version)"""


def install(owner: Connection, model: ReadModel) -> None:
    """Make the read model's tables where they are missing. May be called at any time, by any
    number of processes at once; `owner` must be allowed to create tables.

    A first version is live at once, which means that the views of the tables' stable names show
    it. A later one is `building` beside it until `go_live`.
    """
    with owner.transaction():
        owner.execute(TAKE_TURN)
        versions: dict[int, str] = dict(owner.execute(VERSIONS, (model.name,)).fetchall())
        if model.version in versions:
            return
        for statement in statements.definitions(
            statements.source(model, "table.sql"), model.version
        ):
            owner.execute(statement)
        live = "live" not in versions.values()
        now = owner.execute("SELECT clock_timestamp()").fetchone()
        assert now is not None, "a SELECT without FROM has one row"
        state = "live" if live else "building"
        owner.execute(ADD_POSITION, (model.name, model.version, state, now[0]))
        if live:
            _create_views(owner, model)
        _grant(owner, [table.name for table in tables_of(model).values()])


def go_live(owner: Connection, model: ReadModel) -> None:
    """From now on queries see this version; the one before is kept, retired, and can go live
    again. One transaction: nobody ever sees neither or both. `NotFound` before `install`."""
    with owner.transaction():
        owner.execute(TAKE_TURN)
        versions: dict[int, str] = dict(owner.execute(VERSIONS, (model.name,)).fetchall())
        if model.version not in versions:
            raise NotFound(
                f"{model.name} has no tables of version {model.version}. Install it first."
            )
        for version, state in versions.items():
            if state == "live":
                owner.execute(SET_STATE, ("retired", model.name, version))
        owner.execute(SET_STATE, ("live", model.name, model.version))
        for kind in model.rows:
            owner.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(kind.table)))
        _create_views(owner, model)


def _create_views(owner: Connection, model: ReadModel) -> None:
    for kind, table in tables_of(model).items():
        owner.execute(
            sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT {} FROM {}").format(
                sql.Identifier(kind.table),
                _identifiers(table.columns),
                sql.Identifier(table.name),
            )
        )
    _grant(owner, [kind.table for kind in model.rows])


def _identifiers(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _grant(owner: Connection, names: Sequence[str]) -> None:
    """The application folds and reads as its own role, where the ledger has one."""
    schema = owner.execute("SELECT current_schema").fetchone()
    assert schema is not None, "a SELECT without FROM has one row"
    role = app_role(str(schema[0]))
    if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        tables = _identifiers(names)
        owner.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                tables, sql.Identifier(role)
            )
        )


@dataclass(frozen=True, slots=True)
class Status:
    """How far a read model has got. `lag_events` counts what it has still to look at,
    `lag_seconds` is the age of the oldest of these; `parked` counts streams it left out."""

    name: str
    version: int
    position: Position
    lag_events: int
    lag_seconds: float
    parked: int
    state: str


def status(connection: Connection) -> list[Status]:
    """Every version of every read model there is, by name."""
    return [
        Status(name, version, position, head - position, _age(waiting, now), parked, state)
        for name, version, position, state, head, waiting, now, parked in connection.execute(
            STATUS, binary=True
        ).fetchall()
    ]


def _age(state: bytes | None, now: datetime) -> float:
    """Seconds since an event was recorded; 0 where there is none, or its bytes do not say."""
    at = None if state is None else recorded_at_of(state)
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())


@dataclass(frozen=True, slots=True)
class Parked:
    """A stream that a read model could not fold from `first_position` on."""

    name: str
    version: int
    stream: str
    first_position: Position
    events: int
    error: str
    parked_at: datetime
    attempts: int


def parked(connection: Connection, name: str) -> list[Parked]:
    """What a read model has left out, oldest first."""
    rows = connection.execute(PARKED, (name,), binary=True).fetchall()
    return [Parked(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Held:
    """A read model under our lease, and where it stood when that was taken or renewed."""

    model: ReadModel
    position: Position
    revision: int


class Leases:
    """One worker's claims on read models. The database's clock decides, so that workers need
    not agree on the time."""

    def __init__(self, models: Iterable[ReadModel], owner: str, seconds: float) -> None:
        self._models = {model.name: model for model in models}
        self._names = list(self._models)
        self._versions = [model.version for model in self._models.values()]
        self.owner = owner
        self.seconds = seconds

    def take(self, connection: Connection) -> list[Held]:
        """Take or renew what can be had; in the order in which the models were given."""
        rows = connection.execute(
            TAKE_LEASES,
            {
                "owner": self.owner,
                "seconds": self.seconds,
                "names": self._names,
                "versions": self._versions,
            },
        ).fetchall()
        held = [Held(self._models[str(n)], p, r) for n, p, r in rows]
        return sorted(held, key=lambda h: self._names.index(h.model.name))

    def give(self, connection: Connection) -> None:
        """So that another worker need not wait for them to run out."""
        connection.execute(GIVE_LEASES, (self.owner,))

    def lowest_position(self, connection: Connection) -> Position:
        row = connection.execute(LOWEST, (self._names, self._versions)).fetchone()
        return int(row[0]) if row else 0
