"""The door as a whole: every command, every query, the feed and what operations need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from oms_commands import COMMANDS
from oms_ledger.access.rates import Buckets
from oms_ledger.access.roles import ADMIN, PUBLIC
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Invalid, NotFound, OmsError, Unavailable
from oms_ledger.http import metrics
from oms_ledger.http.access_record import AccessesHandler
from oms_ledger.http.audit import Evidence
from oms_ledger.http.auth import Gate
from oms_ledger.http.cards import refuse_in_head
from oms_ledger.http.commands.batch import BatchHandler
from oms_ledger.http.commands.bus import Submitter
from oms_ledger.http.commands.handler import CommandHandler
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.endpoint import (
    SECURITY,
    Endpoint,
    Handle,
    adding,
    answer_no,
    with_decoded_path,
)
from oms_ledger.http.errors import Malformed, MethodNotAllowed
from oms_ledger.http.identity_provider import Provider
from oms_ledger.http.openapi import document, page
from oms_ledger.http.operations import Operations
from oms_ledger.http.queries.handler import QueryHandler
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.resources import Inside
from oms_ledger.http.responses import problem_answer
from oms_ledger.http.router import Paths
from oms_ledger.http.streams.feed import FeedHandler
from oms_ledger.http.streams.sse import FeedStream, ParcelStream
from oms_ledger.http.streams.watcher import Pulse
from oms_projections import QUERIES

AUDIT = "audit:read"

PARCEL = "/v1/tracking/{token}"

COUNT_SECONDS = 1.0
NOTE_USED_SECONDS = 60.0


class Door(FastAPI):
    """Routes are looked up before anything else; what is not found so, the schema and the
    documentation are FastAPI's. `end_streams` must be called when shutting down, since a
    server waits for open answers before it tells the application that it ends."""

    def __init__(self, pulse: Pulse, **settings: Any) -> None:
        super().__init__(**settings)
        self._pulse = pulse
        self.add_route(page.PATH, page.page, include_in_schema=False)
        self._paths = Paths()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            refuse_in_head(scope)
        except Invalid as error:
            await answer_no(error, scope, receive, send)
            return
        endpoint = self._paths.fixed(scope)
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        try:
            scope = with_decoded_path(scope)
        except Malformed as error:
            await answer_no(error, scope, receive, send)
            return
        if found := self._paths.found(scope):
            endpoint, scope = found
            await endpoint(scope, receive, send)
            return
        if scope["path"] == self.openapi_url:
            send = adding(SECURITY, send)
        await super().__call__(scope, receive, send)

    def add(self, endpoint: Endpoint) -> None:
        """Serve a route."""
        self.add_route(endpoint.path, endpoint, methods=[endpoint.method], include_in_schema=False)  # type: ignore[arg-type]  # an ASGI application, which Starlette takes as it is
        self._paths.add(endpoint)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = document.document(self.title, self.version, self.description)
        return self.openapi_schema

    def end_streams(self) -> None:
        """End all server-sent events. May be called from any thread and from signal handlers."""
        self._pulse.end()


def create_app(oms: Oms, *, no_auth: bool = False) -> Door:
    """The API of an open ledger. `no_auth` is for this machine alone: nobody needs a key, and
    who does not come from here is refused."""
    settings = oms.settings
    provider = Provider.of(settings)
    rates = Buckets(settings.rate_limit_per_second, settings.rate_limit_burst)
    gate = Gate(
        settings.ledger, oms.find_key, settings.admin_key, provider, rates, open_to_all=no_auth
    )
    threads = Threads(oms.settings.pool_connections)
    pulse = Pulse(oms.readers, threads)
    operations = Operations(oms, threads)
    app = Door(
        pulse,
        title="oms-ledger",
        version=document.version(),
        description=document.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_living(
            pulse, partial(_count, operations), partial(_note_used, oms, gate, threads)
        ),
        exception_handlers={HTTPException: _not_routed},
        telemetry={"auto_configure": False},
    )
    for endpoint in _endpoints(oms, gate, threads, pulse, operations):
        app.add(endpoint)
    return app


def _endpoints(
    oms: Oms, gate: Gate, threads: Threads, pulse: Pulse, operations: Operations
) -> list[Endpoint]:
    endpoints: list[Endpoint] = []

    def serve(method: str, path: str, scope: str, handle: Handle) -> None:
        endpoints.append(Endpoint(gate, method, path, scope, handle))

    inside = Inside.of(oms, threads)
    submitter = Submitter(oms, threads)
    for kind in COMMANDS.values():
        route = kind.route
        shown = Shown(inside, f"{route.method} {route.path}")
        single = CommandHandler(submitter, shown, kind)
        many: Handle = single
        if route.many:
            many = BatchHandler(oms, threads, submitter, shown, kind, single)
        serve(route.method, route.path, kind.scope, single if route.many_path else many)
        if route.many_path:
            serve(route.method, route.many_path, kind.scope, many)
    for query in QUERIES:
        serve("GET", query.path, query.scope, QueryHandler(inside, query))
        if query.path == PARCEL:
            stream = ParcelStream(inside, pulse, query)
            serve("GET", f"{PARCEL}/stream", query.scope, stream)
    serve("GET", "/v1/events", AUDIT, FeedHandler(inside))
    serve("GET", "/v1/events/stream", AUDIT, FeedStream(inside, pulse))
    serve("GET", "/v1/audit/access", AUDIT, AccessesHandler(oms, threads))
    evidence = Evidence(inside)
    serve("GET", "/v1/audit/checkpoint", PUBLIC, evidence.checkpoint)
    serve("GET", "/v1/audit/proof/inclusion", AUDIT, evidence.inclusion)
    serve("GET", "/v1/audit/proof/consistency", AUDIT, evidence.consistency)
    serve("GET", "/v1/audit/verify", AUDIT, evidence.verification)
    serve("GET", "/checkpoint", PUBLIC, evidence.checkpoint)
    serve("GET", "/tile/entries/{index:path}", AUDIT, evidence.entries)
    serve("GET", "/tile/{level}/{index:path}", PUBLIC, evidence.tile)
    serve("GET", "/healthz", PUBLIC, operations.healthz)
    serve("GET", "/readyz", PUBLIC, operations.readyz)
    serve("GET", "/metrics", PUBLIC, operations.metrics)
    serve("GET", "/v1/projections", ADMIN, operations.projections)
    serve("GET", "/v1/projections/{name}/parked", ADMIN, operations.parked)
    serve("POST", "/v1/projections/{name}/retry", ADMIN, operations.retry)
    serve("POST", "/v1/projections/{name}/rebuild", ADMIN, operations.rebuild)
    return endpoints


def _living(pulse: Pulse, *chores: Callable[[], Coroutine[Any, Any, None]]) -> Any:
    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(chore()) for chore in chores]
        try:
            yield
        finally:
            pulse.end()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            metrics.left()

    return living


async def _count(operations: Operations) -> None:
    while True:
        operations.count()
        await asyncio.sleep(COUNT_SECONDS)


async def _note_used(oms: Oms, gate: Gate, threads: Threads) -> None:
    """Keep when keys were last used: now and then, so that no request pays for it."""
    while True:
        await asyncio.sleep(NOTE_USED_SECONDS)
        used = gate.used()
        if used:
            with suppress(Unavailable):  # what it misses, the next use makes good
                await threads.run(partial(oms.note_used_keys, used))


async def _not_routed(request: Request, error: Exception) -> Response:
    """Where there is no route, or none for this method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"][:200]
    said: OmsError = NotFound(f"There is nothing at {path!r}. GET /docs shows what there is.")
    if error.status_code == 405:
        allowed = _methods(request)
        said = MethodNotAllowed(f"{request.method} is not possible here. Use {allowed}.")
        return _secured(said, {"allow": allowed})
    return _secured(said, {})


def _secured(said: OmsError, headers: Mapping[str, str]) -> Response:
    answer = problem_answer(said)
    answer.raw_headers += SECURITY
    answer.headers.update(headers)
    return answer


def _methods(request: Request) -> str:
    """What is possible at a path, over all of its routes."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = (route.methods or set() for route in routes if route.matches(request.scope)[0].value)
    return ", ".join(sorted(set().union(*here)))
