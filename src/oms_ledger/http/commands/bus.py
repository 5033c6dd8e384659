"""Every command on its way from HTTP to the writer: its personal values are sealed before, and
what it requires after its commit is done before the answer.

Where data keys must be fetched or made first, concurrent requests share one call to the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from oms_ledger.app import Oms
from oms_ledger.domain.personal import erases_subject, names_subject
from oms_ledger.engine.write.submissions import KeySuperseded
from oms_ledger.engine.write.writer import Outcome, Submission
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads

Sealed = list[Submission]
Result = Outcome | BaseException


class CommandSubmitter:
    """Belongs to one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._writer = oms.writer
        self._sealer = oms.vault.sealer
        self._erasure = oms.vault.erasure
        self._threads = threads
        self._without_keys: MicroBatcher[Sequence[Submission], Sealed] = MicroBatcher(
            threads.worker(self._seal_all)
        )

    async def submit(self, submission: Submission) -> Outcome:
        """The outcome; a refusal is raised."""
        cached = self._sealer.seal_cached((submission,))
        (sealed,) = await self._seal([submission]) if cached is None else cached
        try:
            outcome = await self._writer.submit_async(sealed)
        except KeySuperseded:
            outcome = await self._submit_again(submission)
        if not erases_subject(submission.command):
            return outcome
        (result,) = await self._after_commit([submission], [outcome])
        if isinstance(result, BaseException):
            raise result
        return result

    async def submit_many(self, submissions: Sequence[Submission]) -> Sequence[Result]:
        """Outcomes and refusals in the order of the submissions."""
        sealed = await self._seal(submissions)
        results: list[Result] = list(await self._writer.submit_many_async(sealed))
        for n, result in enumerate(results):
            if isinstance(result, KeySuperseded):
                try:
                    results[n] = await self._submit_again(submissions[n])
                except Exception as error:
                    results[n] = error
        return await self._after_commit(submissions, results)

    async def _submit_again(self, submission: Submission) -> Outcome:
        """The outcome of a command whose new key was superseded before it was stored."""
        sealed = await self._threads.run(partial(self._sealer.seal_again, submission))
        return await self._writer.submit_async(sealed)

    async def _after_commit(
        self, submissions: Sequence[Submission], results: Sequence[Result]
    ) -> Sequence[Result]:
        commands = [each.command for each in submissions]
        if not any(map(erases_subject, commands)):
            return results
        return await self._threads.run(partial(self._erasure.erase_all, commands, results))

    async def _seal(self, submissions: Sequence[Submission]) -> Sealed:
        sealed = self._sealer.seal_cached(submissions)
        if sealed is not None:
            return sealed
        if any(names_subject(each.command) for each in submissions):
            return await self._threads.run(partial(self._sealer.seal, submissions))
        return await self._without_keys.call(submissions)

    def _seal_all(self, batch: Sequence[Sequence[Submission]]) -> list[Sealed]:
        sealed = iter(self._sealer.seal([each for submissions in batch for each in submissions]))
        return [[next(sealed) for _ in submissions] for submissions in batch]
