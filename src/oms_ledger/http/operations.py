"""Routes for operators: liveness, readiness, metrics, and the state of the read models."""

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
from oms_ledger.engine.project.leases import ParkedStream, by_name
from oms_ledger.http import metrics
from oms_ledger.http.metrics import LedgerState
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import refuse_others
from oms_ledger.kernel import Json, Position
from oms_projections import PROJECTIONS

log = structlog.get_logger(__name__)

READY_SECONDS = 3.0
"""How long `/readyz` waits for the database; load balancers give up after a few seconds."""

CLOCK = "clock"
"""In `degraded`: the clocks of program, database and ledger do not agree."""


class Operations:
    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads
        self._counters = metrics.EngineCounters(oms.writer, oms.snapshots)
        self._migrated = False

    def update_counters(self) -> None:
        """Copy the counters of the engine to the metrics."""
        self._counters.update()

    async def healthz(self, request: Request) -> Response:
        """The process answers; nothing else is checked."""
        return answer({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """Whether commands and queries can be answered now. `degraded` names the loops of the
        workers that have failed for long, connections that need a person, and the clock: they hold
        up no query, so the status stays 200, and a load balancer goes on sending requests."""
        checked: tuple[Position, list[str]] | None = None
        with move_on_after(READY_SECONDS):
            checked = await to_thread.run_sync(self._check, abandon_on_cancel=True)
        if checked is None:
            raise Unavailable(f"The database has not answered within {READY_SECONDS:g} s.")
        head, degraded = checked
        body = {
            "status": "ready",
            "database": "ok",
            "migrations": "ok",
            "head": head,
            "degraded": degraded,
        }
        return answer(body, 200, {"ledger-position": str(head)})

    def _check(self) -> tuple[Position, list[str]]:
        """The head, and the names of what is degraded: loops, and the clock."""
        head = self._oms.readers.head()
        if not self._migrated:
            missing = self._oms.pending()
            if missing:
                raise Unavailable(
                    f"Migrations are missing: {', '.join(missing)}. Run `oms-ledger migrate`.",
                    retry_after_seconds=10,
                )
            self._migrated = True  # forward only: this cannot become false again
        degraded = [each.name for each in self._oms.readers.work_states() if each.degraded]
        for fault in self._oms.clock_faults():
            log.warning("clock_wrong", detail=fault)
            degraded.append(CLOCK)
        degraded += [
            f"connection {each.name}"
            for each in self._oms.connections.statuses()
            if each.is_degraded
        ]
        return head, list(dict.fromkeys(degraded))

    async def metrics(self, request: Request) -> Response:
        """Counts and times only, so no key is needed, and Prometheus sends none by default. While
        the database is away, the metrics of read models, loops and policies are missing."""
        self.update_counters()
        state = LedgerState()
        try:
            state = await self._threads.run(self._ledger_state)
        except OmsError as error:
            log.warning("lag_unknown", error=error.detail)
        text = await to_thread.run_sync(metrics.exposition, state)
        return Response(text, 200, None, CONTENT_TYPE_LATEST)

    def _ledger_state(self) -> LedgerState:
        readers = self._oms.readers
        statuses, states = readers.status(), readers.work_states()
        connections = self._oms.connections.statuses()
        return LedgerState(
            statuses, states, readers.policy_cursors(), readers.refusal_counts(), connections
        )

    async def projections(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        statuses = await self._threads.run(self._oms.readers.status)
        return answer(by_name(statuses))

    async def parked(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        name = _read_model(request)
        streams = await self._threads.run(partial(self._oms.readers.parked, name))
        return answer({"name": name, "items": [_parked(each) for each in streams]})

    async def retry(self, request: Request) -> Response:
        """Fold the parked streams again. Repeating the request does no harm, so there is no
        idempotency key."""
        refuse_others(query_fields(request))
        name = _read_model(request)
        retried = await self._threads.run(partial(self._oms.retry_parked, name))
        streams: list[Json] = [{"stream": s, "folded": done} for s, done in retried.items()]
        parked = sum(not done for done in retried.values())
        return answer({"name": name, "streams": streams, "parked": parked})

    async def rebuild(self, request: Request) -> Response:
        """Request a build of the read model beside the live one; workers build it. While there
        is one, the same build is answered."""
        refuse_others(query_fields(request))
        name = _read_model(request)
        (build,) = await self._threads.run(partial(self._oms.rebuilds.request, [name]))
        body = {"name": name, "version": build.number, "shape": build.shape}
        return answer({**body, "state": build.state, "position": build.position}, 202)


def _read_model(request: Request) -> str:
    name = path_fields(request)["name"]
    names = [model.name for model in PROJECTIONS]
    if name not in names:
        raise NotFound(f"There is no read model {name[:100]!r}. There are: {', '.join(names)}.")
    return name


def _parked(parked: ParkedStream) -> dict[str, Json]:
    return {**asdict(parked), "parked_at": rfc3339(parked.parked_at)}
