"""Executes queries on the read models, once these have reached the requested position."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from oms_ledger.access.principals import ReadRights
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Overloaded, ReadModelBehind
from oms_ledger.engine.read.direct import DirectReads, DirectResult
from oms_ledger.engine.read.query import QueryRequest, QueryResult
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import CALLS_QUEUED_MAX, Threads
from oms_ledger.http.requests import whole
from oms_ledger.http.turns import FairTurns
from oms_ledger.kernel import Lookup, Position, Query, Selection
from oms_projections import PROJECTIONS

WAIT_MS = 2000
WAIT_MS_MAX = 10_000
POSITION_MAX = 2**63 - 1

AHEAD_MAX = 1000
"""How far ahead of the log a position may be that is waited for."""

LANES = 4
"""Concurrent transactions for each read model. A slow query delays those that share its
transaction, and no others."""

BATCH_QUERIES_MAX = 16

SESSIONS = 4
"""Connections of a process for queries that one statement answers."""

LOOKUP_LANES = 2
"""Concurrent statements for each query that looks one thing up."""

BATCH_LOOKUPS_MAX = 64


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new an answer must be: from `min_position` on. `deadline` (monotonic seconds) is how
    long to wait for that."""

    min_position: Position | None
    deadline: float

    @staticmethod
    def of(fields: dict[str, str]) -> Freshness:
        """Takes `min_position` and `wait_ms` out of the query string."""
        least = whole(fields, "min_position", -1, POSITION_MAX)
        wait_ms = whole(fields, "wait_ms", WAIT_MS, WAIT_MS_MAX)
        return Freshness(None if least < 0 else least, time.monotonic() + wait_ms / 1000)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


class QueryExecutor:
    """Executes queries in batches, each read model's apart. Belongs to one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads
        self._sessions = oms.event_loop_sessions(SESSIONS)
        self._reads = DirectReads(self._sessions, PROJECTIONS)
        self._turns = FairTurns(SESSIONS, CALLS_QUEUED_MAX)
        self._lookups: dict[str, MicroBatcher[QueryRequest, DirectResult]] = {}
        self._batchers: dict[str | None, MicroBatcher[QueryRequest, QueryResult]] = {}

    async def run(
        self, query: Query, params: object, freshness: Freshness, rights: ReadRights
    ) -> QueryResult:
        """The answer, once it is fresh enough; `ReadModelBehind` after the deadline. The wait
        for the read model takes no place in a batch. `rights` are the caller's."""
        limited = self._oms.within_rights(query, params, rights)
        request = QueryRequest(query, limited, freshness.min_position)
        while True:
            try:
                return await self._batcher(query.read_model).call(request)
            except ReadModelBehind as behind:
                await self._wait_for(request, freshness, behind)

    async def run_direct(
        self, query: Query, params: object, freshness: Freshness, rights: ReadRights
    ) -> DirectResult | None:
        """As `run`, where one statement gives the answer; None where it does not."""
        direct = query.direct
        if direct is None or self._oms.vault.subjects.must_resolve(query, params):
            return None
        limited = self._oms.within_rights(query, params, rights)
        if isinstance(direct, Lookup):
            suffices = direct.key(limited) is not None
        else:
            suffices = direct.suffices(limited)
        if not suffices:
            return None
        request = QueryRequest(query, limited, freshness.min_position)
        while True:
            try:
                if isinstance(direct, Selection):
                    async with self._turns.turn():
                        return await self._reads.select(direct, request)
                return await self._lookup_batcher(query, direct).call(request)
            except ReadModelBehind as behind:
                await self._wait_for(request, freshness, behind)

    async def _wait_for(
        self, request: QueryRequest, freshness: Freshness, behind: ReadModelBehind
    ) -> None:
        """Return when the read model has reached `min_position`; raise `behind`, which a query
        failed with, after the deadline."""
        least = request.min_position
        if least is None or not freshness.seconds_left:
            raise behind
        await wait_for(
            self._oms, self._threads, request.query.read_model, least, freshness.seconds_left
        )

    def _lookup_batcher(
        self, query: Query, lookup: Lookup
    ) -> MicroBatcher[QueryRequest, DirectResult]:
        batcher = self._lookups.get(query.name)
        if batcher is None:

            async def worker(batch: Sequence[QueryRequest]) -> Sequence[DirectResult | Exception]:
                async with self._turns.turn():
                    return await self._reads.lookups(lookup, batch)

            batcher = MicroBatcher(
                worker, lanes=LOOKUP_LANES, most=BATCH_LOOKUPS_MAX, queued=CALLS_QUEUED_MAX
            )
            self._lookups[query.name] = batcher
        return batcher

    def close(self) -> None:
        self._sessions.close()

    async def run_as_of(
        self, query: Query, params: object, as_of: Position | datetime, rights: ReadRights
    ) -> QueryResult:
        """The answer as of a position or a time, from the log."""
        limited = self._oms.within_rights(query, params, rights)
        return await self._threads.run(partial(self._oms.query, query, limited, as_of=as_of))

    def _batcher(self, read_model: str | None) -> MicroBatcher[QueryRequest, QueryResult]:
        batcher = self._batchers.get(read_model)
        if batcher is None:
            worker = partial(self._oms.query_many, read_model)
            batcher = MicroBatcher(
                self._threads.worker(worker),
                lanes=LANES,
                most=BATCH_QUERIES_MAX,
                queued=CALLS_QUEUED_MAX,
            )
            self._batchers[read_model] = batcher
        return batcher


async def wait_for_log(oms: Oms, threads: Threads, fresh: Freshness) -> None:
    """Return when the log has reached `min_position`; at once without one."""
    least = fresh.min_position
    if least is not None and await threads.run(oms.readers.head) < least:
        await wait_for(oms, threads, None, least, fresh.seconds_left)


async def wait_for(
    oms: Oms, threads: Threads, read_model: str | None, least: Position, seconds: float
) -> None:
    """Return when a read model (None: the log) has reached position `least`; `ReadModelBehind`
    when it has not after `seconds`, at once where the log itself is far from it, or when too many
    requests wait already; `RateLimited` when too many of the caller do."""
    head = await threads.run(oms.readers.head)
    if least > head + AHEAD_MAX:
        raise ReadModelBehind(
            f"The ledger is at {head}, far from {least}. Send the position of an answer."
        )
    try:
        await threads.wait(partial(oms.readers.wait_for, read_model, least, seconds))
    except Overloaded as error:
        raise ReadModelBehind(
            f"{read_model or 'The ledger'} has not reached {least}, and many wait for it."
            " Ask again in a second."
        ) from error
