"""Queries over HTTP: one handler for each in the catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Answer, Oms
from oms_ledger.domain.errors import Overloaded, ReadModelBehind
from oms_ledger.domain.moments import moment
from oms_ledger.http.answers import etag
from oms_ledger.http.auth import principal_of
from oms_ledger.http.errors import from_validation, invalid
from oms_ledger.http.personal import Shown
from oms_ledger.http.requests import path_fields, query_fields, whole
from oms_ledger.http.threads import Threads
from oms_ledger.kernel import Position, Query
from oms_ledger.security.roles import SENSITIVE, allows
from oms_ledger.security.sensitive import limited

WAIT_MS = 2000
WAIT_MS_MAX = 10_000
POSITION_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new an answer must be: from `min_position` on, for which to wait until `deadline`."""

    min_position: Position | None
    deadline: float

    @staticmethod
    def of(fields: dict[str, str]) -> Freshness:
        """Taken out of the query string."""
        least = whole(fields, "min_position", -1, POSITION_MAX)
        wait_ms = whole(fields, "wait_ms", WAIT_MS, WAIT_MS_MAX)
        return Freshness(None if least < 0 else least, time.monotonic() + wait_ms / 1000)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


class QueryHandler:
    def __init__(self, oms: Oms, threads: Threads, query: Query) -> None:
        self._oms = oms
        self._threads = threads
        self._query = query
        self._shown = Shown(oms, threads, f"GET {query.path}")
        self._params: Callable[[object], object] = TypeAdapter(query.params).validate_python

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        as_of = as_of_in(fields)
        fresh = Freshness.of(fields)
        may = allows(principal_of(request).scopes, SENSITIVE)
        params = limited(self._read(path_fields(request), fields), may=may)
        if as_of is None:
            found = await ask(self._oms, self._threads, self._query, params, fresh)
        else:
            found = await self._threads.ask(
                partial(self._oms.ask, self._query, params, as_of=as_of)
            )
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


async def ask(oms: Oms, threads: Threads, query: Query, params: object, fresh: Freshness) -> Answer:
    """The answer, once it is fresh enough. The wait is not done in the turn of those who ask."""
    least = fresh.min_position
    while True:
        try:
            return await threads.ask(partial(oms.ask, query, params, min_position=least, wait_ms=0))
        except ReadModelBehind:
            if least is None or not fresh.seconds_left:
                raise
        await wait_for(oms, threads, query.read_model, least, fresh.seconds_left)


async def wait_for(
    oms: Oms, threads: Threads, read_model: str | None, least: Position, seconds: float
) -> None:
    """Return when a read model (None: the log) is there; `ReadModelBehind` if it is not in time,
    be it that too many are waiting to be waited for."""
    try:
        await threads.wait(partial(oms.readers.wait_for, read_model, least, seconds), seconds)
    except Overloaded as error:
        raise ReadModelBehind(
            f"{read_model or 'The ledger'} has not reached {least}, and many wait for it."
            " Ask again in a second."
        ) from error
