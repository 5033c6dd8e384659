"""What whoever runs this asks: is it alive, is it ready, how far is it behind."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import structlog
from anyio import move_on_after, to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound, OmsError, Unavailable
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.engine.project.leases import Parked, Status, by_name
from oms_ledger.http import metrics
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import refuse_others
from oms_ledger.kernel import Json, Position
from oms_projections import PROJECTIONS

log = structlog.get_logger(__name__)

READY_SECONDS = 3.0
"""How long `/readyz` waits for the database: load balancers do not wait long either."""


class Operations:
    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads
        self._counters = metrics.WriterCounters(oms.writer)
        self._migrated = False

    def count(self) -> None:
        """Bring the writer's numbers up to date."""
        self._counters.read()

    async def healthz(self, request: Request) -> Response:
        """The process answers; nothing else is looked at."""
        return answer({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """Whether commands and queries can be answered now."""
        head: Position | None = None
        with move_on_after(READY_SECONDS):
            head = await to_thread.run_sync(self._look, abandon_on_cancel=True)
        if head is None:
            raise Unavailable(f"The database has not answered within {READY_SECONDS:g} s.")
        body = {"status": "ready", "database": "ok", "migrations": "ok", "head": head}
        return answer(body, 200, {"ledger-position": str(head)})

    def _look(self) -> Position:
        head = self._oms.readers.head()
        if not self._migrated:
            missing = self._oms.pending()
            if missing:
                raise Unavailable(
                    f"Migrations are missing: {', '.join(missing)}. Run `oms-ledger migrate`.",
                    retry_after_seconds=10,
                )
            self._migrated = True  # forward only: this cannot become false again
        return head

    async def metrics(self, request: Request) -> Response:
        """Counts and times only, and so without a key, as Prometheus asks by default. While the
        database is away, all but the read models'."""
        self.count()
        statuses: list[Status] = []
        try:
            statuses = await self._threads.run(self._oms.readers.status)
        except OmsError as error:
            log.warning("lag_unknown", error=error.detail)
        text = await to_thread.run_sync(metrics.exposition, statuses)
        return Response(text, 200, None, CONTENT_TYPE_LATEST)

    async def projections(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        statuses = await self._threads.run(self._oms.readers.status)
        return answer(by_name(statuses))

    async def parked(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        name = _read_model(request)
        found = await self._threads.run(partial(self._oms.readers.parked, name))
        return answer({"name": name, "items": [_parked(each) for each in found]})

    async def retry(self, request: Request) -> Response:
        """Fold the streams again that were left out. Sent twice it does no harm, so it needs
        no key for that."""
        refuse_others(query_fields(request))
        name = _read_model(request)
        tried = await self._threads.run(partial(self._oms.retry_parked, name))
        streams: list[Json] = [{"stream": s, "folded": done} for s, done in tried.items()]
        parked = sum(not done for done in tried.values())
        return answer({"name": name, "streams": streams, "parked": parked})

    async def rebuild(self, request: Request) -> Response:
        """Ask for the read model to be built anew beside the live one; workers do it. Asked again
        meanwhile, the same one is meant."""
        refuse_others(query_fields(request))
        name = _read_model(request)
        (build,) = await self._threads.run(partial(self._oms.rebuilds.ask, [name]))
        body = {"name": name, "version": build.number, "shape": build.shape}
        return answer({**body, "state": build.state, "position": build.position}, 202)


def _read_model(request: Request) -> str:
    name = path_fields(request)["name"]
    known = [model.name for model in PROJECTIONS]
    if name not in known:
        raise NotFound(f"There is no read model {name[:100]!r}. There are: {', '.join(known)}.")
    return name


def _parked(parked: Parked) -> dict[str, Json]:
    return {**asdict(parked), "parked_at": rfc3339(parked.parked_at)}
