"""The way of every command from HTTP to the writer: what is personal in it is sealed before.

Where keys must be fetched or made first, all that wait for keys are served together: however many
ask, the database is asked by one of them at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from oms_ledger.app import Oms
from oms_ledger.domain.personal import forgets_a_person, names_a_person
from oms_ledger.engine.writer import Outcome, Submission
from oms_ledger.http.threads import Threads

Sealed = list[Submission]


class Submitter:
    """Lives on one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._writer = oms.writer
        self._vault = oms.vault
        self._threads = threads
        self._waiting: list[tuple[Sequence[Submission], asyncio.Future[Sealed]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, submission: Submission) -> Outcome:
        """The outcome; a refusal is raised."""
        (sealed,) = await self._sealed([submission])
        outcome = await self._writer.submit_async(sealed)
        if forgets_a_person(submission.command):
            await self._threads.ask(partial(self._vault.carry_out, submission.command, outcome))
        return outcome

    async def submit_many(self, submissions: Sequence[Submission]) -> list[Outcome | BaseException]:
        """Outcomes in order; refusals in place."""
        sealed = await self._sealed(submissions)
        return list(await self._writer.submit_many_async(sealed))

    async def _sealed(self, submissions: Sequence[Submission]) -> Sealed:
        sealed = self._vault.at_once(submissions)
        if sealed is not None:
            return sealed
        if any(names_a_person(each.command) for each in submissions):
            return await self._threads.ask(partial(self._vault.seal, submissions))
        future: asyncio.Future[Sealed] = asyncio.get_running_loop().create_future()
        self._waiting.append((submissions, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        """Seal for all who wait, and for those who came meanwhile, until nobody does."""
        while self._waiting:
            served, self._waiting = self._waiting, []
            every = [each for submissions, _ in served for each in submissions]
            try:
                sealed = iter(await self._threads.ask(partial(self._vault.seal, every)))
            except Exception as error:
                for _, future in served:
                    if not future.done():
                        future.set_exception(error)
                continue
            for submissions, future in served:
                its = [next(sealed) for _ in submissions]
                if not future.done():  # given up by its caller
                    future.set_result(its)
