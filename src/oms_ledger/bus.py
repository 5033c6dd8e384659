"""The one way of a command to the writer, for every door: HTTP, command line, import, demo,
policies and deadlines.

Five steps, in this order, of which a door can leave out none:

1. Card check: a command with card data is refused, in whatever way it arrived.
2. Subject: the customer or order that it names is resolved to the data subject, and a person's id
   is put into the form in which it is stored.
3. Seal: its personal values are encrypted, so that nothing personal is queued in clear.
4. Submit: it is queued for the writer, which decides it. Where its new data key was superseded
   meanwhile, it is sealed and submitted again.
5. After commit: the data keys of a forgotten subject are destroyed, before the outcome is
   answered.

`CommandBus` is for threads, `AsyncCommandBus` for an event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Protocol, TypeVar

import orjson

from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Invalid, OmsError
from oms_ledger.domain.json_values import plain
from oms_ledger.domain.personal import erases_subject, names_subject
from oms_ledger.engine.write.submissions import Idempotency, KeySuperseded, Outcome, Submission
from oms_ledger.engine.write.writer import Writer
from oms_ledger.kernel import Command
from oms_ledger.privacy import card_check
from oms_ledger.privacy.vault import Vault

A = TypeVar("A")
T = TypeVar("T")

Result = Outcome | BaseException

CHECKED_ON_LOOP_MAX = 50
"""Commands whose card check does not hold up an event loop: some microseconds each."""


class CommandBus:
    """Submits commands of one ledger. Used by any number of threads."""

    def __init__(self, writer: Writer, vault: Vault) -> None:
        self.writer = writer
        self.subjects = vault.subjects
        self.sealer = vault.sealer
        self.erasure = vault.erasure

    def execute(
        self, command: Command, *, actor: str, key: str | None = None, dry_run: bool = False
    ) -> Outcome:
        """Decide one command and wait for its outcome; a refusal is raised. With a `key` it
        happens once, however often it is sent; with `dry_run` not at all."""
        once = _idempotency(actor, key, command)
        (pending,) = self.submit([Submission(command, new_context(actor), once, dry_run=dry_run)])
        return pending.result()

    def execute_many(
        self,
        commands: Sequence[Command],
        *,
        actor: str,
        keys: Sequence[str | None] | None = None,
    ) -> list[Outcome | OmsError]:
        """Decide commands in order, each on its own merits; refusals are returned in place.
        Anything but a refusal is raised."""
        submitted = self.submit(
            Submission(command, new_context(actor), _idempotency(actor, key, command))
            for command, key in zip(commands, keys or [None] * len(commands), strict=True)
        )
        results: list[Outcome | OmsError] = []
        for each in submitted:
            try:
                results.append(each.result())
            except OmsError as error:
                results.append(error)
        return results

    def submit(self, submissions: Iterable[Submission]) -> list[PendingOutcome]:
        """Queue commands for the writer in order. Those with card data are not queued; their
        outcome is the refusal."""
        every = list(submissions)
        refusals = [card_check.card_data_in(each.command) for each in every]
        futures = iter(self.writer.submit_many(self.sealed(_without_refused(every, refusals))))
        return [
            PendingOutcome(self, each, next(futures) if refusal is None else _failed(refusal))
            for each, refusal in zip(every, refusals, strict=True)
        ]

    def sealed(self, submissions: Sequence[Submission]) -> list[Submission]:
        """Submissions with their subjects resolved and their personal values sealed."""
        return self.sealer.seal(self.subjects.resolve_commands(submissions))

    def sealed_from_cache(self, submissions: Sequence[Submission]) -> list[Submission] | None:
        """As `sealed`, without the database; None where it is needed."""
        if not self.subjects.are_resolved(submissions):
            return None
        return self.sealer.seal_cached(submissions)

    def sealed_again(self, submission: Submission) -> Submission:
        """As `sealed`, after the writer has refused the new key of the first time
        (`KeySuperseded`)."""
        (resolved,) = self.subjects.resolve_commands([submission])
        return self.sealer.seal_again(resolved)


@dataclass(frozen=True, slots=True)
class PendingOutcome:
    """A command on its way through a bus. `result` and `exception` wait for its outcome, as those
    of a `Future` do, and then do what the command requires after its commit."""

    bus: CommandBus
    submission: Submission
    future: Future[Outcome]

    def result(self) -> Outcome:
        try:
            outcome = self.future.result()
        except KeySuperseded:
            sealed = self.bus.sealed_again(self.submission)
            outcome = self.bus.writer.submit(sealed).result()
        self.bus.erasure.erase(self.submission.command, outcome)
        return outcome

    def exception(self) -> BaseException | None:
        try:
            self.result()
        except Exception as error:
            return error
        return None


class WorkerThreads(Protocol):
    """Threads for what would hold up an event loop."""

    async def run(self, blocking: Callable[[], T]) -> T:
        """Run a call."""

    def batched(
        self, blocking: Callable[[Sequence[A]], Sequence[T]]
    ) -> Callable[[A], Awaitable[T]]:
        """A function of one argument whose concurrent calls are served by one call of
        `blocking`."""


class AsyncCommandBus:
    """A bus on one event loop, which is held up by no step: what waits for the database runs in
    `threads`. Where data keys must be fetched or made, concurrent submissions share one call."""

    def __init__(self, bus: CommandBus, threads: WorkerThreads) -> None:
        self._bus = bus
        self._threads = threads
        self._seal_with_others = threads.batched(self._seal_each)

    async def submit(self, submission: Submission) -> Outcome:
        """The outcome; a refusal is raised."""
        (refusal,) = await self._card_refusals((submission,))
        if refusal is not None:
            raise refusal
        (sealed,) = await self._sealed((submission,))
        try:
            outcome = await self._bus.writer.submit_async(sealed)
        except KeySuperseded:
            outcome = await self._submit_again(submission)
        (result,) = await self._after_commit((submission,), (outcome,))
        if isinstance(result, BaseException):
            raise result
        return result

    async def submit_many(self, submissions: Sequence[Submission]) -> Sequence[Result]:
        """Outcomes and refusals in the order of the submissions."""
        refusals = await self._card_refusals(submissions)
        queued = _without_refused(submissions, refusals)
        results = iter(await self._outcomes(queued))
        return [next(results) if refusal is None else refusal for refusal in refusals]

    async def _outcomes(self, submissions: Sequence[Submission]) -> Sequence[Result]:
        """Of commands without card data."""
        sealed = await self._sealed(submissions)
        results: list[Result] = list(await self._bus.writer.submit_many_async(sealed))
        for n, result in enumerate(results):
            if isinstance(result, KeySuperseded):
                try:
                    results[n] = await self._submit_again(submissions[n])
                except Exception as error:
                    results[n] = error
        return await self._after_commit(submissions, results)

    async def _card_refusals(self, submissions: Sequence[Submission]) -> Sequence[Invalid | None]:
        commands = [each.command for each in submissions]
        if len(commands) <= CHECKED_ON_LOOP_MAX and not any(
            map(card_check.may_hold_card_data, commands)
        ):
            return [None] * len(commands)
        return await self._threads.run(lambda: list(map(card_check.card_data_in, commands)))

    async def _sealed(self, submissions: Sequence[Submission]) -> Sequence[Submission]:
        sealed = self._bus.sealed_from_cache(submissions)
        if sealed is not None:
            return sealed
        if any(names_subject(each.command) for each in submissions):
            return await self._threads.run(partial(self._bus.sealed, submissions))
        return await self._seal_with_others(submissions)

    def _seal_each(self, batch: Sequence[Sequence[Submission]]) -> Sequence[Sequence[Submission]]:
        sealed = iter(self._bus.sealed([each for submissions in batch for each in submissions]))
        return [[next(sealed) for _ in submissions] for submissions in batch]

    async def _submit_again(self, submission: Submission) -> Outcome:
        sealed = await self._threads.run(partial(self._bus.sealed_again, submission))
        return await self._bus.writer.submit_async(sealed)

    async def _after_commit(
        self, submissions: Sequence[Submission], results: Sequence[Result]
    ) -> Sequence[Result]:
        commands = [each.command for each in submissions]
        if not any(map(erases_subject, commands)):
            return results
        return await self._threads.run(partial(self._bus.erasure.erase_all, commands, results))


def _without_refused(
    submissions: Sequence[Submission], refusals: Sequence[Invalid | None]
) -> list[Submission]:
    return [s for s, refusal in zip(submissions, refusals, strict=True) if refusal is None]


def _failed(refusal: Invalid) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_exception(refusal)
    return future


def _idempotency(actor: str, key: str | None, command: Command) -> Idempotency | None:
    """Under one key the same command is answered again, and another one refused."""
    if key is None:
        return None
    return Idempotency(actor, key, sha256(orjson.dumps(plain(command), default=str)).digest())
