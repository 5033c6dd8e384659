"""Read models filled on a real PostgreSQL, and asked as the doors ask them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from oms_ledger.engine.pool import Connection
from oms_ledger.kernel import Position, ReadModel, Recorded, Row, S
from oms_ledger.testing.fold import columns_of, folded
from oms_projections import PROJECTIONS, QUERIES
from tests.databases import Database

Ask = Callable[..., Mapping[str, Any]]
Fill = Callable[[Sequence[Recorded]], Ask]


def sql(model: ReadModel, name: str) -> str:
    return resources.files(model.package).joinpath(name).read_text("utf-8")


def statements(model: ReadModel) -> dict[str, str]:
    parts = re.split(r"^-- name: (\w+)\n", sql(model, "queries.sql"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def create(connection: Connection, model: ReadModel) -> None:
    for statement in sql(model, "table.sql").split(";"):
        if statement.strip():
            connection.execute(statement.replace("{v}", "_v1"))
    for kind in model.rows:
        columns = ", ".join(columns_of(kind))
        connection.execute(f"CREATE VIEW {kind.table} AS SELECT {columns} FROM {kind.table}_v1")


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    for row in rows:
        columns = columns_of(type(row))
        values = [stored(getattr(row, name)) for name in columns]
        marks = ", ".join(["%s"] * len(columns))
        connection.execute(f"INSERT INTO {row.table}_v1 VALUES ({marks})", values)


def stored(value: object) -> object:
    texts = isinstance(value, list) and value and isinstance(value[0], str)
    return Jsonb(value) if isinstance(value, (dict, list)) and not texts else value


class SqlReader:
    """A read model's statements on one connection, and the log they were folded from."""

    def __init__(self, connection: Connection, model: ReadModel, log: Sequence[Recorded]) -> None:
        self._connection, self._log = connection, log
        self._statements = statements(model)

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(self._statements[statement], params).fetchall()

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        return [r for r in self._log if r.stream == stream and r.version > after_version]

    def fold(self, kind: type[S], key: str, until: Position | datetime | None = None) -> S:
        raise NotImplementedError("these queries fold histories of their own")


@pytest.fixture
def fill(postgres: Database) -> Iterator[Fill]:
    """Fold a history into every read model; answers are asked for by query name, with
    parameters as strings, as they come in over HTTP."""
    with postgres.connect_owner() as connection:

        def filled(history: Sequence[Recorded]) -> Ask:
            readers = {}
            for model in PROJECTIONS:
                create(connection, model)
                insert(connection, list(folded(model, history).rows.values()))
                readers[model.name] = SqlReader(connection, model, history)

            def ask(name: str, **params: str) -> Mapping[str, Any]:
                query = next(q for q in QUERIES if q.name == name)
                checked: object = TypeAdapter(query.params).validate_python(params)
                return query.ask(checked, readers[query.read_model or "order_status"])

            return ask

        yield filled
