"""Queries: one handler for each query of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import ReadRights
from oms_ledger.domain.errors import Invalid, NotFound, OmsError, invalid_field
from oms_ledger.domain.texts import in_all_forms
from oms_ledger.domain.times import moment
from oms_ledger.engine.read.query import QueryResult
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.executor import Freshness, QueryExecutor
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.responses import etag
from oms_ledger.kernel import Json, Position, PreparedAnswer, Query
from oms_ledger.validation import from_validation

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
        path = path_fields(request)
        for name in path:
            if name in fields:
                raise invalid_field(name, "The path says it already. Leave it out.")
        first, *others = in_all_forms({**fields, **path})
        rights = principal_of(request).read_rights
        run = partial(self._run, as_of=as_of, fresh=fresh, rights=rights)
        if not others and as_of is None:
            params = self._params(first)
            direct = await self._executor.run_direct(self._query, params, fresh, rights)
            if direct is not None:
                return await self._direct(request, *direct)
        result = await self._first_with_content(run, first, others)
        return await self._answer(request, result.body, result.position)

    async def _run(
        self,
        fields: dict[str, str],
        *,
        as_of: Position | datetime | None,
        fresh: Freshness,
        rights: ReadRights,
    ) -> QueryResult:
        executor, params = self._executor, self._params(fields)
        if as_of is None:
            return await executor.run(self._query, params, fresh, rights)
        return await executor.run_as_of(self._query, params, as_of, rights)

    async def _first_with_content(
        self,
        run: Callable[[dict[str, str]], Awaitable[QueryResult]],
        first: dict[str, str],
        others: Sequence[dict[str, str]],
    ) -> QueryResult:
        """The answer to the first form of the parameters; where that is nothing, the one to another
        form under which something is stored."""
        try:
            answer = await run(first)
        except NotFound:
            for fields in others:
                with suppress(NotFound):
                    return await run(fields)
            raise
        if answer.body.get("items") == []:
            for fields in others:
                other = await run(fields)
                if other.body.get("items"):
                    return other
        return answer

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
            request, content, headers, sensitive=answer.sensitive
        )

    def _params(self, fields: dict[str, str]) -> object:
        try:
            return self._validate(fields)
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
        raise invalid_field(
            "min_position", "It waits for news; as_of asks for the past. Leave one out."
        )
    return moment(text)
