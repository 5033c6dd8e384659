"""Queries: one handler for each query of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.roles import SENSITIVE, allows
from oms_ledger.domain.errors import Invalid, OmsError
from oms_ledger.domain.times import moment
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.executor import Freshness, QueryExecutor
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.responses import etag
from oms_ledger.kernel import Json, Position, PreparedAnswer, Query
from oms_ledger.validation import from_validation, invalid

_INDEX = re.compile(r"(?<=\w)\.\d+\b")
"""Which of several values is meant, in the name of a field."""


class QueryHandler:
    def __init__(self, executor: QueryExecutor, disclosure: Disclosure, query: Query) -> None:
        self._executor = executor
        self._disclosure = disclosure
        self._query = query
        self._validate: Callable[[object], object] = TypeAdapter(query.params).validate_python

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        as_of = as_of_in(fields)
        fresh = Freshness.of(fields)
        params = self._params(path_fields(request), fields)
        executor = self._executor
        sensitive = allows(principal_of(request).scopes, SENSITIVE)
        if as_of is None:
            direct = await executor.run_direct(self._query, params, fresh, sensitive=sensitive)
            if direct is not None:
                return await self._direct(request, *direct)
            result = await executor.run(self._query, params, fresh, sensitive=sensitive)
        else:
            result = await executor.run_as_of(self._query, params, as_of, sensitive=sensitive)
        return await self._answer(request, result.body, result.position)

    async def _answer(
        self, request: Request, body: Mapping[str, Json], position: Position
    ) -> Response:
        headers = {"ledger-position": str(position)}
        tag = etag(body)
        if tag is None:
            return await self._disclosure.answer(request, body, 200, headers)
        headers["etag"] = tag  # one order: the same fields as in the answers of its commands
        body = {**body, "position": position}
        return await self._disclosure.answer(request, body, 200, headers)

    async def _direct(
        self, request: Request, answer: PreparedAnswer | Mapping[str, Json], position: Position
    ) -> Response:
        if not isinstance(answer, PreparedAnswer):
            return await self._answer(request, answer, position)
        headers, content = {"ledger-position": str(position)}, answer.content
        if answer.version is not None:
            headers["etag"] = f'"{answer.version}"'
            content = f'{content[:-1]},"position":{position}}}'
        return await self._disclosure.prepared(
            request, content.encode(), headers, sensitive=answer.sensitive
        )

    def _params(self, path: dict[str, str], fields: dict[str, str]) -> object:
        for name in path:
            if name in fields:
                raise invalid(name, "The path says it already. Leave it out.")
        try:
            return self._validate({**fields, **path})
        except ValidationError as error:
            raise _named_by_parameter(from_validation(error)) from None


def _named_by_parameter(error: OmsError) -> OmsError:
    """The same error, naming parameters alone: which of several values is wrong has no name."""
    if not isinstance(error, Invalid):
        return error
    named = [{**each, "field": str(each["field"]).partition(".")[0]} for each in error.errors]
    return Invalid(_INDEX.sub("", error.detail), code=error.code, errors=named)


def as_of_in(fields: dict[str, str]) -> Position | datetime | None:
    """Takes `as_of`, a position or a time, out of the query string."""
    text = fields.pop("as_of", None)
    if text is None:
        return None
    if "min_position" in fields:
        raise invalid("min_position", "It waits for news; as_of asks for the past. Leave one out.")
    return moment(text)
