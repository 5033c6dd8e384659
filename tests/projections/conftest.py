"""Read models filled by the projector on a real PostgreSQL, queried as HTTP and CLI query them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter

from oms_ledger.domain.times import moment
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import codec
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild import builds
from oms_ledger.kernel import Recorded
from oms_projections import PROJECTIONS, QUERIES
from tests.databases import Database

RunQuery = Callable[..., Mapping[str, Any]]
Fill = Callable[[Sequence[Recorded]], RunQuery]

APPEND = "INSERT INTO ledger_events VALUES (%s, %s, %s, %s, %s)"
HEAD = "UPDATE ledger_head SET position = %s, recorded_at = %s"


def install(database: Database) -> None:
    with database.connect(Role.OWNER) as owner:
        for model in PROJECTIONS:
            builds.install(owner, model)


def append(database: Database, history: Sequence[Recorded]) -> None:
    with database.connect_owner() as owner, owner.transaction(), owner.cursor() as cursor:
        cursor.executemany(
            APPEND,
            [
                (r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta), r.position)
                for r in history
            ],
        )
        cursor.execute(HEAD, (history[-1].position, history[-1].meta.recorded_at))


@pytest.fixture
def fill(ready: Database) -> Iterator[Fill]:
    """Write a history to the ledger and fold it into every read model; the result runs a query
    by its name, with parameters as strings, as they come in over HTTP."""
    connections = pool.open_pool(ready.url, ready.schema)
    readers = Readers(connections, PROJECTIONS)

    def filled(history: Sequence[Recorded]) -> RunQuery:
        append(ready, history)
        with Projector(ready.connect_projector, PROJECTIONS) as projector:
            projector.catch_up(history[-1].position, timeout_seconds=30)
        for model in PROJECTIONS:
            assert not readers.parked(model.name)
        return run

    def run(name: str, as_of: str | None = None, **params: str) -> Mapping[str, Any]:
        query = next(q for q in QUERIES if q.name == name)
        checked: object = TypeAdapter(query.params).validate_python(params)
        if as_of is not None:
            return readers.execute_as_of(query, checked, moment(as_of))[0]
        body, _ = readers.execute(query, checked)
        return body

    yield filled
    readers.close()
    connections.close()
