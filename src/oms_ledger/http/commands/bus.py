"""The way of every command from HTTP to the writer: what is personal in it is sealed before.

Where keys must be fetched or made first, all that wait for keys are served together: however many
ask, the database is asked by one of them at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from oms_ledger.app import Oms
from oms_ledger.domain.personal import erases_subject, names_subject
from oms_ledger.engine.write.writer import Outcome, Submission
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads

Sealed = list[Submission]


class Submitter:
    """Lives on one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._writer = oms.writer
        self._vault = oms.vault
        self._threads = threads
        self._keyless: MicroBatcher[Sequence[Submission], Sealed] = MicroBatcher(
            threads, self._seal_all
        )

    async def submit(self, submission: Submission) -> Outcome:
        """The outcome; a refusal is raised."""
        (sealed,) = await self._sealed([submission])
        outcome = await self._writer.submit_async(sealed)
        if erases_subject(submission.command):
            await self._threads.run(partial(self._vault.erasure.erase, submission.command, outcome))
        return outcome

    async def submit_many(self, submissions: Sequence[Submission]) -> list[Outcome | BaseException]:
        """Outcomes in order; refusals in place."""
        sealed = await self._sealed(submissions)
        return list(await self._writer.submit_many_async(sealed))

    async def _sealed(self, submissions: Sequence[Submission]) -> Sealed:
        sealed = self._vault.sealer.seal_cached(submissions)
        if sealed is not None:
            return sealed
        if any(names_subject(each.command) for each in submissions):
            return await self._threads.run(partial(self._vault.sealer.seal, submissions))
        return await self._keyless.call(submissions)

    def _seal_all(self, asked: Sequence[Sequence[Submission]]) -> list[Sealed]:
        sealed = iter(
            self._vault.sealer.seal([each for submissions in asked for each in submissions])
        )
        return [[next(sealed) for _ in submissions] for submissions in asked]
