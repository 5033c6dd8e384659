"""Answers of queries that one statement gives (`kernel.Lookup`, `kernel.Selection`), without a
thread and without a transaction: the statement selects the position of the read model as well, so
both are of one snapshot. Look-ups that wait at the same time share a statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import psycopg

from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.async_session import AsyncSessions
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.read.query import IMPOSSIBLE_VALUE, QueryRequest, refuse_behind
from oms_ledger.kernel import (
    Json,
    Lookup,
    Position,
    PreparedAnswer,
    Query,
    ReadModel,
    Rows,
    Selection,
)

SQL = statements.queries(__package__)

ATTEMPTS = 3
"""How often a statement is sent again because another build of the read model went live."""


class DirectResult(NamedTuple):
    """An answer, and the position that it is of."""

    answer: PreparedAnswer | Mapping[str, Json]
    position: Position


class LiveBuild(NamedTuple):
    """The build of a read model that answers: its number, and the stable names of its tables."""

    number: int
    tables: tuple[str, ...]


class DirectReads:
    """Used in one event loop. The caller closes `sessions`."""

    def __init__(self, sessions: AsyncSessions, models: Sequence[ReadModel]) -> None:
        self._sessions = sessions
        self._models = {model.name: model for model in models}
        self._builds: dict[str, LiveBuild] = {}

    async def select(self, selection: Selection, request: QueryRequest) -> DirectResult:
        """The answer of a query that a statement of its own gives. `ReadModelBehind` below the
        request's `min_position`. The statement is planned for the request's filters: a plan for all
        values of a filter is wrong for the rare ones."""
        params = request.params
        statement, values = selection.statement(params)
        try:
            position, rows = await self._rows(
                _model_of(request.query), statement, values, prepare=False
            )
        except DATA_ERRORS as error:
            raise Invalid(IMPOSSIBLE_VALUE) from error
        refuse_behind(request, position)
        return DirectResult(selection.answer(params, rows), position)

    async def lookups(
        self, lookup: Lookup, requests: Sequence[QueryRequest]
    ) -> list[DirectResult | Exception]:
        """The answers to requests of one query, in order; for one that failed, its error."""
        keys = [lookup.key(each.params) for each in requests]
        try:
            values = {"keys": list(dict.fromkeys(keys))}
            position, rows = await self._rows(
                _model_of(requests[0].query), lookup.statement, values
            )
        except DATA_ERRORS:
            if len(requests) == 1:
                return [Invalid(IMPOSSIBLE_VALUE)]
            return [(await self.lookups(lookup, [each]))[0] for each in requests]
        by_key: dict[object, list[Mapping[str, object]]] = defaultdict(list)
        for row in rows:
            by_key[row["key"]].append(row)
        return [
            _answer(lookup, each, by_key.get(key, ()), position)
            for each, key in zip(requests, keys, strict=True)
        ]

    async def _rows(
        self,
        model: str,
        statement: str,
        values: Mapping[str, object],
        *,
        prepare: bool | None = None,
    ) -> tuple[Position, Rows]:
        given = frozenset(name for name, value in values.items() if value is not None)
        for _ in range(ATTEMPTS):
            build = self._builds.get(model) or await self._live_build(model)
            text = _with_position(self._models[model], statement, build, given)
            try:
                rows = await self._sessions.rows(text, values, prepare=prepare)
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
                rows = []  # the build was dropped
            if rows and rows[0]["read_model_build"] == build.number:
                position = rows[0]["read_model_position"]
                assert isinstance(position, int)
                return position, [row for row in rows if row["present"]]
            self._builds.pop(model, None)
        raise RuntimeError(f"{statement!r} fits no build of {model!r}")

    async def _live_build(self, model: str) -> LiveBuild:
        rows = await self._sessions.rows(SQL["live_build"].encode(), {"name": model})
        if not rows:
            raise NotFound(f"The read model {model!r} has not been installed. Start a worker.")
        number, tables = rows[0]["version"], rows[0]["tables"]
        assert isinstance(number, int)
        assert isinstance(tables, list)
        build = self._builds[model] = LiveBuild(number, tuple(tables))
        return build


def _model_of(query: Query) -> str:
    if query.read_model is None:
        raise TypeError(f"{query.name} has no read model, and so no statement")
    return query.read_model


def _answer(
    lookup: Lookup, request: QueryRequest, rows: Rows, position: Position
) -> DirectResult | Exception:
    try:
        refuse_behind(request, position)
        return DirectResult(lookup.answer(request.params, rows), position)
    except Exception as error:
        return error


@cache
def _with_position(
    model: ReadModel, statement: str, build: LiveBuild, given: Collection[str]
) -> bytes:
    """A statement of a build that also selects the position of its read model, and `present`, which
    is true in all rows but that of a statement without any."""
    text = statements.on_build(
        model.package, statement, build.tables, build.number, frozenset(given)
    )
    return SQL["with_position"].format(statement=text, name=model.name).encode()
