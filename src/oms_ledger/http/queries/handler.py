"""Queries over HTTP: one handler for each in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.roles import SENSITIVE, allows
from oms_ledger.domain.times import moment
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.errors import from_validation, invalid
from oms_ledger.http.queries.executor import Freshness
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.resources import Inside
from oms_ledger.http.responses import etag
from oms_ledger.kernel import Position, Query
from oms_ledger.privacy.sensitivity.mask import restricted


class QueryHandler:
    def __init__(self, inside: Inside, query: Query) -> None:
        self._inside = inside
        self._query = query
        self._shown = Shown(inside, f"GET {query.path}")
        self._params: Callable[[object], object] = TypeAdapter(query.params).validate_python

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        as_of = as_of_in(fields)
        fresh = Freshness.of(fields)
        may = allows(principal_of(request).scopes, SENSITIVE)
        params = restricted(self._query, self._read(path_fields(request), fields), may=may)
        inside = self._inside
        if as_of is None:
            found = await inside.asking.ask(self._query, params, fresh)
        else:
            past = partial(inside.oms.ask, self._query, params, as_of=as_of)
            found = await inside.threads.run(past)
        headers = {"ledger-position": str(found.position)}
        tag = etag(found.body)
        if tag is None:
            return await self._shown.answer(request, found.body, 200, headers)
        headers["etag"] = tag  # one order: shown as its commands answer it
        body = {**found.body, "position": found.position}
        return await self._shown.answer(request, body, 200, headers)

    def _read(self, path: dict[str, str], fields: dict[str, str]) -> object:
        for name in path:
            if name in fields:
                raise invalid(name, "The path says it already. Leave it out.")
        try:
            return self._params({**fields, **path})
        except ValidationError as error:
            raise from_validation(error) from None


def as_of_in(fields: dict[str, str]) -> Position | datetime | None:
    """The past moment that is asked for, taken out of the query string."""
    text = fields.pop("as_of", None)
    if text is None:
        return None
    if "min_position" in fields:
        raise invalid("min_position", "It waits for news; as_of asks for the past. Leave one out.")
    return moment(text)
