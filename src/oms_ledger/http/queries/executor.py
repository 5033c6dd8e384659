"""Questions to the read models: how new the answer must be, and waiting until it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from oms_ledger.app import Answer, Oms
from oms_ledger.domain.errors import Overloaded, ReadModelBehind
from oms_ledger.engine.read.query import Question
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import whole
from oms_ledger.kernel import Position, Query

WAIT_MS = 2000
WAIT_MS_MAX = 10_000
POSITION_MAX = 2**63 - 1

LANES = 4
"""So many transactions of one read model at a time: a slow answer keeps those waiting that share
its transaction, and no others."""

AT_A_TIME = 16


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


class Asking:
    """Questions of one event loop to the read models, answered many at a time."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads
        self._asked: dict[str | None, MicroBatcher[Question, Answer]] = {}

    async def ask(self, query: Query, params: object, fresh: Freshness) -> Answer:
        """The answer, once it is fresh enough. The wait is not done in the turn of those who
        ask."""
        question = Question(query, params, fresh.min_position)
        while True:
            try:
                return await self._of(query.read_model).call(question)
            except ReadModelBehind:
                if question.least is None or not fresh.seconds_left:
                    raise
            await wait_for(
                self._oms, self._threads, query.read_model, question.least, fresh.seconds_left
            )

    def _of(self, read_model: str | None) -> MicroBatcher[Question, Answer]:
        found = self._asked.get(read_model)
        if found is None:
            answer = partial(self._oms.ask_many, read_model)
            found = MicroBatcher(self._threads, answer, lanes=LANES, most=AT_A_TIME)
            self._asked[read_model] = found
        return found


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
