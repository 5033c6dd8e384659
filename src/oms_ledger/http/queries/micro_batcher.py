"""What many ask one by one, answered many at a time.

While a thread is busy with some, the others gather, and all of them pay together for the hop to a
thread, the transaction and the round trips: the more ask, the less each costs.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.queries.threads import PATIENCE_SECONDS, Threads

Q = TypeVar("Q")
A = TypeVar("A")

_Waiting = tuple[Q, "asyncio.Future[A]", float]


class Together(Generic[Q, A]):
    """Lives on one event loop. `answer` runs in a thread, on at most `lanes` of them at a time; it
    gives one answer for each question, in order, and an exception where that is the answer. What
    it raises is the answer to all of them."""

    def __init__(
        self,
        threads: Threads,
        answer: Callable[[Sequence[Q]], Sequence[A | Exception]],
        *,
        lanes: int = 1,
        most: int = 1_000_000,
    ) -> None:
        self._threads = threads
        self._answer = answer
        self._lanes = lanes
        self._most = most
        self._waiting: deque[_Waiting[Q, A]] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """The answer; `Overloaded` when the turn does not come in time."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future, time.monotonic()))
        if len(self._serving) < self._lanes:
            task = asyncio.create_task(self._serve())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await future

    async def _serve(self) -> None:
        """Answer those who wait, and who came meanwhile, until nobody does."""
        while served := self._next():
            questions = [question for question, _, _ in served]
            answers: Sequence[A | Exception]
            try:
                answers = await self._threads.ask(partial(self._answer, questions))
            except Exception as error:
                answers = [error] * len(served)
            for (_, future, _), answer in zip(served, answers, strict=True):
                _settle(future, answer)

    def _next(self) -> list[_Waiting[Q, A]]:
        """This lane's share of those who wait and are still wanted."""
        share = min(self._most, math.ceil(len(self._waiting) / self._lanes))
        too_late = time.monotonic() - PATIENCE_SECONDS
        served: list[_Waiting[Q, A]] = []
        while self._waiting and len(served) < share:
            each = self._waiting.popleft()
            _, future, since = each
            if since < too_late:
                _settle(future, Overloaded("Too many are asking. Try again in a second."))
            elif not future.done():
                served.append(each)
        return served


def _settle(future: asyncio.Future[A], answer: A | Exception) -> None:
    if future.done():  # given up by its caller
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
