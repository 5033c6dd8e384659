"""Group commit, decided under the head lock: the only way into the ledger.

One thread takes whatever commands wait (no timer: one when idle, more under load), locks the
head, brings its states up to date, decides command after command, and writes all their events
in one commit. Strictly serialisable per ledger; needs no retries; a hot SKU costs no more than
a cold one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from oms_ledger.domain.errors import Overloaded, Unavailable
from oms_ledger.engine.log.store import Batch, Head, Store, StoreDown, Wanted
from oms_ledger.engine.write.decider import Decider
from oms_ledger.engine.write.states import States
from oms_ledger.engine.write.submissions import Idempotency, Outcome, Submission, Waiting, deliver
from oms_ledger.kernel import Ref

__all__ = ["Idempotency", "Limits", "Outcome", "Results", "Submission", "Writer"]

log = structlog.get_logger(__name__)

Results = list[tuple[Waiting, Outcome | Exception]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on everything that could grow. `patience_seconds` is how long a commit of unknown
    fate is asked after before its callers are told to ask again themselves."""

    batch_commands: int = 500
    batch_bytes: int = 4_000_000
    queue_commands: int = 10_000
    cached_streams: int = 200_000
    cached_bytes: int = 256_000_000
    patience_seconds: float = 10.0


@dataclass(slots=True)
class Counters:
    """What the writer has done since it started; read by /metrics."""

    batches: int = 0
    commands: int = 0
    events: int = 0
    failures: int = 0


class Writer:
    """The one writer of this process for one ledger.

    Submissions may come from any thread or event loop. Futures resolve to an `Outcome`, or
    raise the refusal. `clock` gives the ledger's time.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_batch: Callable[[Results], None] = lambda _: None,
    ) -> None:
        self._store = store
        self.limits = limits or Limits()
        self.counters = Counters()
        self._clock = clock
        self._on_batch = on_batch
        self._states = States(self.limits.cached_streams, self.limits.cached_bytes)
        self._position = -1  # the head after our own last commit
        self._shared = False  # somebody else wrote lately: read states together with the head
        self._queue: deque[Waiting] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    # Asking.

    @property
    def queued(self) -> int:
        return len(self._queue)

    def submit(self, submission: Submission) -> Future[Outcome]:
        return self.submit_many([submission])[0]

    def submit_many(self, submissions: Iterable[Submission]) -> list[Future[Outcome]]:
        """All or, when the queue is full, none of them (`Overloaded`)."""
        futures: list[Future[Outcome]] = []
        waiting: list[Waiting] = []
        for submission in submissions:
            future: Future[Outcome] = Future()
            futures.append(future)
            waiting.append(Waiting(submission, future))
        self._enqueue(waiting)
        return futures

    async def submit_async(self, submission: Submission) -> Outcome:
        """The outcome, or the refusal raised."""
        (future,) = self._enqueue_here([submission])
        return await future

    async def submit_many_async(
        self, submissions: Sequence[Submission]
    ) -> list[Outcome | BaseException]:
        """Outcomes and refusals, in order."""
        futures = self._enqueue_here(submissions)
        return await asyncio.gather(*futures, return_exceptions=True)

    def _enqueue_here(self, submissions: Iterable[Submission]) -> list[asyncio.Future[Outcome]]:
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Outcome]] = []
        waiting: list[Waiting] = []
        for submission in submissions:
            future: asyncio.Future[Outcome] = loop.create_future()
            futures.append(future)
            waiting.append(Waiting(submission, future, loop))
        self._enqueue(waiting)
        return futures

    def _enqueue(self, waiting: Sequence[Waiting]) -> None:
        with self._arrived:
            if self._closing:
                raise Unavailable("The ledger is shutting down. Try again in a moment.")
            if len(self._queue) + len(waiting) > max(self.limits.queue_commands, len(waiting)):
                raise Overloaded(
                    f"{len(self._queue)} commands are waiting already. Try again in a second."
                )
            self._queue.extend(waiting)
            self._arrived.notify()

    def close(self) -> None:
        """Answer what is queued, then stop."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        self._thread.join()
        self._store.close()

    # Writing.

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._queue and not self._closing:
                    self._arrived.wait()
                if not self._queue:
                    return
                size = min(len(self._queue), self.limits.batch_commands)
                batch = [self._queue.popleft() for _ in range(size)]
            self._answer(batch)

    def _answer(self, batch: list[Waiting]) -> None:
        """Every command gets its own answer, whatever happens to the batch."""
        try:
            results = self._write(batch)
        except StoreDown as error:
            results = self._forget(batch, _unreachable(error))
        except Exception as error:
            # One command broke the batch: each again by itself, so that it harms nobody else.
            self._forget(batch, error)
            if len(batch) > 1:
                log.warning("batch_failed_retrying_singly", error=repr(error), size=len(batch))
                for waiting in batch:
                    self._answer([waiting])
                return
            log.exception("command_failed", command=batch[0].submission.command.name)
            results = [(batch[0], error)]
        self.counters.commands += len(results)
        try:
            self._on_batch(results)
        except Exception:  # whoever watches must not end the ledger's only writer
            log.exception("on_batch_failed")
        deliver(results)

    def _forget(self, batch: list[Waiting], error: Exception) -> Results:
        """The states may be ahead of the log now: drop them."""
        self.counters.failures += 1
        self._states.drop()
        self._position = -1
        self._store.rollback()
        return [(waiting, error) for waiting in batch]

    def _write(self, batch: list[Waiting]) -> Results:
        states = self._states
        states.age()
        wanted = self._wanted(batch)
        head, loaded = self._store.begin(wanted)
        moved = head.position != self._position
        if moved:
            states.somebody_else_wrote()
        states.take(wanted, loaded)
        if moved or wanted:
            self._catch_up(batch)
        self._shared = moved
        decider = Decider(
            states, head, max(self._clock(), head.recorded_at), loaded.receipts, self._load
        )
        results: Results = []
        for waiting in batch:
            if decider.size >= self.limits.batch_bytes:
                break
            results.append((waiting, decider.decide(waiting.submission)))
        answered = self._commit(head, decider, results)
        # Only now: a batch that fails is tried again singly, all of it.
        self._put_back(batch[len(results) :])
        return answered

    def _wanted(self, batch: Sequence[Waiting]) -> Wanted:
        """What this batch will need, as far as can be told before the lock. Where somebody else
        keeps writing, everything is read anew together with the head."""
        missing = self._states.missing(self._refs(batch), refresh=self._shared)
        receipts = [(i.scope, i.key) for w in batch if (i := w.submission.idempotency) is not None]
        return Wanted(missing.streams, missing.categories, receipts, missing.prefixes)

    def _refs(self, batch: Sequence[Waiting]) -> Iterable[Ref]:
        for waiting in batch:
            submission = waiting.submission
            yield from submission.command.reads(submission.ctx, self._states)

    def _catch_up(self, batch: Sequence[Waiting]) -> None:
        """One query for all that the whole batch turns out to need under the lock: states that
        somebody else has moved on, and what only showed after the first load."""
        missing = self._states.missing(self._refs(batch))
        if missing:
            self._load(missing)

    def _load(self, wanted: Wanted) -> None:
        self._states.take(wanted, self._store.load(wanted))

    def _put_back(self, rest: Sequence[Waiting]) -> None:
        with self._arrived:
            self._queue.extendleft(reversed(rest))

    def _commit(self, head: Head, decider: Decider, results: Results) -> Results:
        batch = Batch(
            decider.events,
            decider.receipts,
            list(decider.snapshots.values()),
            decider.recorded_at,
        )
        if not batch.events and not batch.receipts:
            self._store.rollback()
        else:
            try:
                self._store.commit(head, batch)
            except StoreDown as error:
                return self._ask_after(batch, results, error)
        self._position = decider.position
        self.counters.batches += 1
        self.counters.events += len(batch.events)
        return results

    def _ask_after(self, batch: Batch, results: Results, error: StoreDown) -> Results:
        """The connection broke while committing. Whether it happened can be read in the log:
        the first of our events is at its position, or it is not."""
        self._forget([], error)
        if not batch.events:
            return [(waiting, _unreachable(error)) for waiting, _ in results]
        deadline = time.monotonic() + self.limits.patience_seconds
        while time.monotonic() < deadline:
            try:
                if self._store.happened(batch.events[0]):
                    return results
                return [(waiting, _unreachable(error)) for waiting, _ in results]
            except Exception as trouble:  # none of it may lead to writing it again
                log.warning("fate_unknown", error=repr(trouble), size=len(results))
                time.sleep(0.05)
        unknown = Unavailable(
            "The database went away while committing; whether this happened is not known. "
            "Send it again with the same Idempotency-Key: it will not happen twice.",
        )
        return [(waiting, unknown) for waiting, _ in results]


def _unreachable(error: StoreDown) -> Unavailable:
    log.warning("store_down", error=str(error))
    return Unavailable("The database does not answer; nothing was written. Try again.")
