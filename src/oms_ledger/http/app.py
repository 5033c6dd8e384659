"""The HTTP API: every command, every query, the feed, the audit and what operators need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Protocol

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from oms_commands import COMMANDS
from oms_ledger.access.rates import TokenBuckets
from oms_ledger.access.roles import ANY
from oms_ledger.app import Oms
from oms_ledger.bus import AsyncCommandBus
from oms_ledger.domain.errors import NotFound, OmsError, Unavailable
from oms_ledger.domain.routing.answers import SimulationAnswer
from oms_ledger.http import metrics, routes
from oms_ledger.http.access_record import RecordHandler
from oms_ledger.http.answer_plans import batch_plan, command_plan, query_plan
from oms_ledger.http.audit import AuditHandlers
from oms_ledger.http.auth import Gate
from oms_ledger.http.bounds import Bounds
from oms_ledger.http.commands.any_batch import AnyBatchHandler
from oms_ledger.http.commands.batch import BatchHandler
from oms_ledger.http.commands.handler import CommandHandler
from oms_ledger.http.connections import ConnectionHandlers, InboxHandlers
from oms_ledger.http.deadline import MARGIN_SECONDS, Deadline
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.disclosure_batches import OpenedTexts
from oms_ledger.http.document_routes import DOCUMENT_ROUTES
from oms_ledger.http.documents import DocumentHandler, Drawings
from oms_ledger.http.endpoint import (
    SECURITY,
    Endpoint,
    Handle,
    send_problem,
    with_decoded_path,
)
from oms_ledger.http.errors import MethodNotAllowed
from oms_ledger.http.heads import refuse_cards_in_target, refuse_large_head
from oms_ledger.http.identity_provider import Provider
from oms_ledger.http.openapi import document, page
from oms_ledger.http.openapi.answers import FeedAnswer
from oms_ledger.http.operations import Operations
from oms_ledger.http.queries.executor import QueryExecutor
from oms_ledger.http.queries.handler import QueryHandler
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.refused_work import RefusedWork
from oms_ledger.http.responses import problem_answer
from oms_ledger.http.router import RouteTable
from oms_ledger.http.routing import SimulationHandler
from oms_ledger.http.streams.feed import FeedHandler
from oms_ledger.http.streams.sse import FeedStream, ParcelStream
from oms_ledger.http.streams.watcher import HeadWatcher
from oms_ledger.kernel import Query
from oms_ledger.privacy.sensitivity.plans import EVENT_ITEMS, FieldPlan, answer_plan
from oms_projections import QUERIES

COUNT_SECONDS = 1.0
NOTE_USED_SECONDS = 60.0


class AddEndpoint(Protocol):
    """Adds an endpoint: method, path, the scope that callers need, the handler, and whether keys
    that are bound to channels are admitted."""

    def __call__(
        self, method: str, path: str, scope: str, handle: Handle, *, within_channels: bool = False
    ) -> None: ...


class LedgerApi(FastAPI):
    """Looks paths up in a route table of its own. Paths that are not in it, the OpenAPI document
    and its page are left to FastAPI. Call `end_streams` when shutting down: a server waits for
    open answers before it tells the application that it ends."""

    def __init__(self, watcher: HeadWatcher, deadline: Deadline, **settings: Any) -> None:
        super().__init__(**settings)
        self._watcher = watcher
        self._deadline = deadline
        self.add_route(page.PATH, page.page, include_in_schema=False)
        described = page.document_handler(self.openapi)
        self.add_route(page.DOCUMENT_PATH, described, include_in_schema=False)
        self._table = RouteTable()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            refuse_large_head(scope)
            endpoint = self._table.fixed(scope)
            if endpoint is None:
                scope = with_decoded_path(scope)
                if match := self._table.match(scope):
                    endpoint, scope = match
            if endpoint is None:
                refuse_cards_in_target(scope)
        except OmsError as error:
            await send_problem(error, scope, receive, send)
            return
        if endpoint is not None:
            await self._deadline.run(endpoint, scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def add(self, endpoint: Endpoint) -> None:
        """Add a route."""
        self.add_route(endpoint.path, endpoint, methods=[endpoint.method], include_in_schema=False)  # type: ignore[arg-type]  # an ASGI application, which Starlette takes as it is
        self._table.add(endpoint)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = document.document(self.title, self.version, self.description)
        return self.openapi_schema

    def end_streams(self) -> None:
        """End all server-sent events. May be called from any thread and from signal handlers."""
        self._watcher.end()


def create_app(oms: Oms, *, no_auth: bool = False) -> LedgerApi:
    """The API of an open ledger. With `no_auth` no API key is needed, and requests from other
    machines are refused."""
    settings = oms.settings
    provider = Provider.of(settings)
    rates = TokenBuckets(settings.rate_limit_per_second, settings.rate_limit_burst)
    gate = Gate(
        settings.ledger, oms.api_keys.find, settings.admin_key, provider, rates, open_to_all=no_auth
    )
    bounds = Bounds()
    threads = Threads(oms.settings.pool_connections)
    watcher = HeadWatcher(oms.readers, threads)
    operations = Operations(oms, threads)
    texts = OpenedTexts(oms, threads)
    executor = QueryExecutor(oms, threads)
    app = LedgerApi(
        watcher,
        Deadline(settings.database_deadline_seconds + MARGIN_SECONDS),
        title="oms-ledger",
        version=document.version(),
        description=document.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(
            watcher,
            lambda: app.openapi(),
            (executor.close, texts.close),
            partial(_update_counters, operations, bounds),
            partial(_store_key_uses, oms, gate, threads),
        ),
        exception_handlers={HTTPException: _not_routed},
        telemetry={"auto_configure": False},
    )

    def add(
        method: str, path: str, scope: str, handle: Handle, *, within_channels: bool = False
    ) -> None:
        within = within_channels
        app.add(Endpoint(gate, bounds, method, path, scope, handle, within_channels=within))

    disclosure = partial(Disclosure, oms, threads, texts)
    _add_commands(add, oms, threads, disclosure)
    _add_queries(add, executor, disclosure)
    handlers = {
        **_streams(oms, threads, executor, disclosure, watcher),
        **_audit(oms, threads, disclosure),
        **_operations(operations),
        **_refused_work(oms, threads),
        **_connections(oms, threads),
        **_simulations(oms, threads, disclosure),
    }
    for route in routes.FIXED_ROUTES:
        add(route.method, route.path, route.scope, handlers[route.path])
    return app


def _add_commands(
    add: AddEndpoint, oms: Oms, threads: Threads, disclosure: Callable[[str, FieldPlan], Disclosure]
) -> None:
    bus = AsyncCommandBus(oms.bus, threads)
    singles: dict[str, CommandHandler] = {}
    for kind in COMMANDS.values():
        route = kind.route
        plan = command_plan(kind).joined(batch_plan((kind,)))
        of_route = disclosure(f"{route.method} {route.path}", plan)
        single = singles[kind.name] = CommandHandler(bus, of_route, kind)
        many: Handle = single
        if route.many:
            many = BatchHandler(oms, threads, bus, of_route, kind, single)
        add_kind = partial(add, scope=kind.scope, within_channels=kind.within_channels)
        add_kind(route.method, route.path, handle=single if route.many_path else many)
        if route.many_path:
            add_kind(route.method, route.many_path, handle=many)
    of_any = disclosure(f"POST {routes.ANY_COMMANDS}", batch_plan((*COMMANDS.values(),)))
    add(
        "POST",
        routes.ANY_COMMANDS,
        ANY,
        AnyBatchHandler(oms, threads, bus, of_any, singles),
        within_channels=True,
    )


def _add_queries(
    add: AddEndpoint, executor: QueryExecutor, disclosure: Callable[[str, FieldPlan], Disclosure]
) -> None:
    """Add the routes of all queries, and those of their documents."""

    def handler(query: Query, path: str) -> QueryHandler:
        return QueryHandler(executor, disclosure(f"GET {path}", query_plan(query)), query)

    drawings = Drawings()
    handles: list[tuple[Query, str, Handle]] = [(q, q.path, handler(q, q.path)) for q in QUERIES]
    for route in DOCUMENT_ROUTES:
        answers = handler(route.query, route.path)
        handles.append((route.query, route.path, DocumentHandler(drawings, answers, route)))
    for query, path, handle in handles:
        add("GET", path, query.scope, handle, within_channels=bool(query.within_channels))


def _streams(
    oms: Oms,
    threads: Threads,
    executor: QueryExecutor,
    disclosure: Callable[[str, FieldPlan], Disclosure],
    watcher: HeadWatcher,
) -> dict[str, Handle]:
    """Handlers of the feed and of streams, by path."""
    events, stream = routes.EVENTS.path, routes.EVENT_STREAM.path
    parcel = routes.PARCEL_STREAM.path
    (track,) = (query for query in QUERIES if f"{query.path}/stream" == parcel)
    of_parcel = disclosure(f"GET {parcel}", query_plan(track))
    return {
        events: FeedHandler(oms, threads, disclosure(f"GET {events}", answer_plan(FeedAnswer))),
        stream: FeedStream(oms, threads, watcher, disclosure(f"GET {stream}", EVENT_ITEMS)),
        parcel: ParcelStream(executor, watcher, of_parcel, track),
    }


def _audit(
    oms: Oms, threads: Threads, disclosure: Callable[[str, FieldPlan], Disclosure]
) -> dict[str, Handle]:
    """Handlers of the tree, the verification and the records, by path."""
    audit = AuditHandlers(
        oms,
        threads,
        leaf=disclosure(f"GET {routes.INCLUSION.path}", EVENT_ITEMS),
        bundle=disclosure(f"GET {routes.ENTRIES.documented_path}", EVENT_ITEMS),
    )
    return {
        routes.ACCESSES.path: RecordHandler(threads, oms.accesses, ("customer", "actor", "order")),
        routes.KEY_CHANGES.path: RecordHandler(threads, oms.api_keys.changes, ("key",)),
        routes.AUDIT_CHECKPOINT.path: audit.checkpoint,
        routes.INCLUSION.path: audit.inclusion,
        routes.CONSISTENCY.path: audit.consistency,
        routes.VERIFICATION.path: audit.verification,
        routes.CHECKPOINT.path: audit.checkpoint,
        routes.ENTRIES.path: audit.entries,
        routes.TILE.path: audit.tile,
    }


def _simulations(
    oms: Oms, threads: Threads, disclosure: Callable[[str, FieldPlan], Disclosure]
) -> dict[str, Handle]:
    """The handler of simulated routing, by path."""
    path = routes.ROUTING_SIMULATION.path
    of_route = disclosure(f"POST {path}", answer_plan(SimulationAnswer))
    return {path: SimulationHandler(oms, threads, of_route)}


def _operations(operations: Operations) -> dict[str, Handle]:
    """Handlers of the routes for operators, by path."""
    return {
        routes.HEALTH.path: operations.healthz,
        routes.READY.path: operations.readyz,
        routes.METRICS.path: operations.metrics,
        routes.READ_MODELS.path: operations.projections,
        routes.PARKED.path: operations.parked,
        routes.RETRY.path: operations.retry,
        routes.REBUILD.path: operations.rebuild,
    }


def _refused_work(oms: Oms, threads: Threads) -> dict[str, Handle]:
    """Handlers of the routes of refused consequences, by path."""
    refused = RefusedWork(oms, threads)
    return {
        routes.REFUSED_WORK.path: refused.list,
        routes.REFUSED_WORK_RETRY.path: refused.retry,
        routes.REFUSED_WORK_DISMISS.path: refused.dismiss,
    }


def _connections(oms: Oms, threads: Threads) -> dict[str, Handle]:
    """Handlers of the routes of connections, jobs and the inbox, by path."""
    connections = ConnectionHandlers(oms, threads)
    inbox = InboxHandlers(oms.connections, threads)
    return {
        routes.CONNECTIONS.path: connections.list,
        routes.CONNECTION_SECRETS.path: connections.secrets,
        routes.CONNECTION_TEST.path: connections.test,
        routes.JOBS.path: connections.jobs,
        routes.JOB_RETRY.path: connections.retry,
        routes.JOB_CANCEL.path: connections.cancel,
        routes.INBOX_RECEIVE.path: inbox.receive,
        routes.INBOX.path: inbox.list,
        routes.INBOX_REPLAY.path: inbox.replay,
        routes.INBOX_DROP.path: inbox.drop,
    }


def _lifespan(
    watcher: HeadWatcher,
    describe: Callable[[], object],
    closers: Iterable[Callable[[], None]],
    *jobs: Callable[[], Coroutine[Any, Any, None]],
) -> Any:
    """Makes the OpenAPI document before the first request, which would wait for it, runs `jobs` in
    the background while the application is up, and calls `closers` at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        describe()
        tasks = [asyncio.create_task(job()) for job in jobs]
        try:
            yield
        finally:
            watcher.end()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            for close in closers:
                close()
            metrics.process_ended()

    return lifespan


async def _update_counters(operations: Operations, bounds: Bounds) -> None:
    while True:
        operations.update_counters()
        bounds.bodies.give_back()
        await asyncio.sleep(COUNT_SECONDS)


async def _store_key_uses(oms: Oms, gate: Gate, threads: Threads) -> None:
    """Store when API keys were last used, once a minute: no request waits for it."""
    while True:
        await asyncio.sleep(NOTE_USED_SECONDS)
        uses = gate.take_key_uses()
        if uses:
            with suppress(Unavailable):  # the next use of the key is stored instead
                await threads.run(partial(oms.api_keys.record_use, uses))


async def _not_routed(request: Request, error: Exception) -> Response:
    """The answer where there is no route, or none for this method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"][:200]
    problem: OmsError = NotFound(f"There is nothing at {path!r}. GET /docs shows what there is.")
    if error.status_code == 405:
        allowed = _methods(request)
        problem = MethodNotAllowed(f"{request.method} is not possible here. Use {allowed}.")
        return _with_security(problem, {"allow": allowed})
    return _with_security(problem, {})


def _with_security(error: OmsError, headers: Mapping[str, str]) -> Response:
    answer = problem_answer(error)
    answer.raw_headers += SECURITY
    answer.headers.update(headers)
    return answer


def _methods(request: Request) -> str:
    """The methods of all routes with this path, as the header `Allow` lists them."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = (route.methods or set() for route in routes if route.matches(request.scope)[0].value)
    return ", ".join(sorted(set().union(*here)))
