"""A ledger whose events a test writes, and what its read models hold."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.pool import DEFAULT_TIMEOUTS, Timeouts
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.db.statements import table_name
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.store import Batch, EventRow, LoadRequest
from oms_ledger.engine.project import leases
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild import builds
from oms_ledger.kernel import Event, Meta, ReadModel, Recorded
from oms_ledger.testing import columns_of, folded
from tests.databases import Database
from tests.engine.project.tallies import TALLIES, Tally, Trace

START = datetime(2026, 1, 1, tzinfo=UTC)


class Log:
    """Appends as the writer does, one commit a call; an event a second."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.events: list[Recorded] = []
        self._versions: dict[str, int] = {}
        self._store = PostgresStore(database.connect_writer)

    def append(self, *events: Event, spoiled: bool = False) -> int:
        """The new head."""
        rows = []
        for event in events:
            r = self._recorded(event)
            state = b"\x00 no JSON" if spoiled else codec.encode(event, r.meta)
            rows.append(EventRow(r.stream, r.version, event.type, state, r.position))
        head, _ = self._store.begin(LoadRequest())
        self._store.commit(head, Batch(rows, [], [], self.events[-1].meta.recorded_at))
        return len(self.events)

    def _recorded(self, event: Event) -> Recorded:
        position = len(self.events) + 1
        assert isinstance(event, StockReceived | StockAllocated)
        stream = f"stock-{event.sku}@{event.location}"
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        at = START + timedelta(seconds=position)
        name = f"c{position}"
        meta = Meta(at, f"actor{position % 3}", "Test", name, name, name)
        r = Recorded(position, stream, version, event, meta)
        self.events.append(r)
        return r

    def reconnect(self) -> None:
        """Connect anew after every session was terminated."""
        self._store.close()

    def close(self) -> None:
        self._store.close()


def received(sku: str, quantity: int = 1, reference: str | None = None) -> StockReceived:
    return StockReceived(sku, "A", quantity, reference)


def allocated(sku: str) -> StockAllocated:
    return StockAllocated(sku, "A", 1, "o1", "1")


def history(count: int) -> list[Event]:
    """Events of seven streams, every third of a kind that the read model does not want."""
    return [
        allocated(f"S{n % 7}") if n % 3 == 0 else received(f"S{n % 7}", n, f'"r{n}"')
        for n in range(count)
    ]


def install(database: Database, *models: ReadModel) -> None:
    with database.connect(Role.OWNER) as owner:
        for model in models or (TALLIES,):
            builds.install(owner, model)


def stored(
    database: Database, model: ReadModel = TALLIES, number: int | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a build (by default the first), by table, in the order of their keys."""
    rows = {}
    with database.connect() as connection:
        for kind in model.rows:
            columns = ", ".join(columns_of(kind))
            order = ", ".join(kind.key)
            table = table_name(kind.table, number or model.version)
            statement = f"SELECT {columns} FROM {table} ORDER BY {order}"
            rows[kind.table] = connection.execute(statement.encode()).fetchall()
    return rows


def expected(events: Sequence[Recorded]) -> dict[str, list[tuple[Any, ...]]]:
    """What the rows should be: folded in memory, in one page."""
    memory = folded(TALLIES, [r for r in events if isinstance(r.event, StockReceived)])
    tallies = [tuple(getattr(row, c) for c in columns_of(Tally)) for row in memory.of(Tally)]
    traces = [(row.position, row.stream) for row in memory.of(Trace)]
    return {"tallies": tallies, "traces": sorted(traces)}


def position(database: Database, name: str = "tallies") -> int:
    with database.connect() as connection:
        statuses = {s.name: s.position for s in leases.build_statuses(connection)}
    return statuses[name]


@contextmanager
def readers(
    database: Database, *models: ReadModel, timeouts: Timeouts = DEFAULT_TIMEOUTS
) -> Generator[Readers]:
    connections = pool.open_pool(database.url, database.schema, max_size=4, timeouts=timeouts)
    reading = Readers(connections, models or (TALLIES,))
    try:
        yield reading
    finally:
        reading.close()
        connections.close()


def terminate_others(database: Database, application: str = "oms-ledger") -> int:
    """End every session of this database but our own, and wait until they have ended; how many
    there were."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name LIKE %s",
            (f"{application}%",),
        ).fetchall()
        ended = [pid for pid, _ in rows]
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM unnest(%s::int[]) AS pid", (ended,)
        )
    return len(ended)
