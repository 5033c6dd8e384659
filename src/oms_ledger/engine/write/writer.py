"""Group commit: one thread decides all commands of a ledger under the head lock.

It takes the queued commands as a batch (no timer: one when idle, more under load), locks the head,
brings its states up to date, decides command after command, and writes all their events in one
commit. Strictly serialisable per ledger; needs no retries; a hot SKU costs no more than a cold
one.
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
from typing import Protocol

import structlog

from oms_ledger.domain.errors import ClockWrong, Overloaded, Unavailable
from oms_ledger.engine.log.clock import ClockGuard
from oms_ledger.engine.log.store import Batch, Head, LoadRequest, Store, StoreUnavailable
from oms_ledger.engine.write.decider import LOAD_ROUNDS, Decider
from oms_ledger.engine.write.states import ReadTracker, StateCache
from oms_ledger.engine.write.submissions import (
    Idempotency,
    Outcome,
    PendingSubmission,
    Results,
    Submission,
    deliver,
)
from oms_ledger.kernel import Ref

__all__ = ["Idempotency", "Limits", "Outcome", "Results", "Submission", "Writer", "WriterLoad"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on everything that could grow. `patience_seconds`: how long to keep checking whether
    an interrupted commit happened; after that callers get 503 and retry with their key."""

    batch_commands: int = 500
    batch_bytes: int = 4_000_000
    queue_commands: int = 10_000
    cached_streams: int = 200_000
    cached_bytes: int = 256_000_000
    patience_seconds: float = 10.0


@dataclass(slots=True)
class WriterTotals:
    """Totals since the writer started, for /metrics."""

    batches: int = 0
    commands: int = 0
    events: int = 0
    failures: int = 0


class WriterLoad(Protocol):
    """What may be seen of a writer by those who do not submit to it."""

    @property
    def counters(self) -> WriterTotals: ...

    @property
    def queued(self) -> int:
        """How many commands wait."""


class Writer:
    """The one writer of this process for one ledger.

    Submissions may come from any thread or event loop. Futures resolve to an `Outcome`, or
    raise the refusal. `clock` gives the ledger's time, which `guard` compares with the database's
    before each batch. `on_batch` is called with the results of each batch.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_batch: Callable[[Results], None] = lambda _: None,
        guard: ClockGuard | None = None,
    ) -> None:
        self._store = store
        self._guard = guard
        self.limits = limits or Limits()
        self.counters = WriterTotals()
        self._clock = clock
        self._on_batch = on_batch
        self._states = StateCache(self.limits.cached_streams, self.limits.cached_bytes)
        self._position = -1  # the head after this writer's last commit
        self._other_writers = False  # another writer moved the head: load states together with it
        self._queue: deque[PendingSubmission] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    # Submitting.

    @property
    def queued(self) -> int:
        return len(self._queue)

    def submit(self, submission: Submission) -> Future[Outcome]:
        return self.submit_many([submission])[0]

    def submit_many(self, submissions: Iterable[Submission]) -> list[Future[Outcome]]:
        """Queue all, or none of them when the queue is full (`Overloaded`)."""
        futures: list[Future[Outcome]] = []
        pending: list[PendingSubmission] = []
        for submission in submissions:
            future: Future[Outcome] = Future()
            futures.append(future)
            pending.append(PendingSubmission(submission, future))
        self._enqueue(pending)
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
        pending: list[PendingSubmission] = []
        for submission in submissions:
            future: asyncio.Future[Outcome] = loop.create_future()
            futures.append(future)
            pending.append(PendingSubmission(submission, future, loop))
        self._enqueue(pending)
        return futures

    def _enqueue(self, pending: Sequence[PendingSubmission]) -> None:
        with self._arrived:
            if self._closing:
                raise Unavailable("The ledger is shutting down. Try again in a moment.")
            if len(self._queue) + len(pending) > max(self.limits.queue_commands, len(pending)):
                raise Overloaded(
                    f"{len(self._queue)} commands are waiting already. Try again in a second."
                )
            self._queue.extend(pending)
            self._arrived.notify()

    def close(self) -> None:
        """Process what is queued, then stop the thread and close the store."""
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
            self._process(batch)

    def _process(self, batch: list[PendingSubmission]) -> None:
        """Resolve every future of the batch, whether it is written or fails."""
        try:
            results = self._write(batch)
        except StoreUnavailable as error:
            results = self._abandon(batch, _unavailable(error))
        except ClockWrong as error:
            log.error("clock_wrong", detail=error.detail)
            results = self._abandon(batch, error)
        except Exception as error:
            # One command broke the batch: each again by itself, so that the others succeed.
            self._abandon(batch, error)
            if len(batch) > 1:
                log.warning("batch_failed_retrying_singly", error=repr(error), size=len(batch))
                for pending in batch:
                    self._process([pending])
                return
            log.exception("command_failed", command=batch[0].submission.command.name)
            results = [(batch[0], error)]
        self.counters.commands += len(results)
        for pending, result in results:
            keys = pending.submission.keys
            if keys is not None and isinstance(result, Outcome) and result.events:
                keys.on_stored()
        try:
            self._on_batch(results)
        except Exception:  # an observer must not end the only writer
            log.exception("on_batch_failed")
        deliver(results)

    def _abandon(self, batch: list[PendingSubmission], error: Exception) -> Results:
        """Roll back, and clear the states, which may be ahead of the log."""
        self.counters.failures += 1
        self._states.clear()
        self._position = -1
        self._store.rollback()
        return [(pending, error) for pending in batch]

    def _write(self, batch: list[PendingSubmission]) -> Results:
        states = self._states
        states.evict()
        request = self._load_request(batch)
        head, result = self._store.begin(request)
        now = self._clock()
        if self._guard is not None and head.database_time is not None:
            self._guard.check(now, head.database_time)
        moved = head.position != self._position
        if moved:
            states.begin_epoch()
        states.load(request, result)
        if moved or request.names_states:
            self._load_missing(batch)
        self._other_writers = moved
        at = max(now, head.recorded_at)
        decider = Decider(states, head, at, result.receipts, self._load, result.keys)
        results: Results = []
        for pending in batch:
            if decider.size >= self.limits.batch_bytes:
                break
            results.append((pending, decider.decide(pending.submission, pending.reads_by)))
        answered = self._commit(head, decider, results)
        # Only now: after a failure the whole batch is processed again, one by one.
        self._requeue(batch[len(results) :])
        return answered

    def _load_request(self, batch: Sequence[PendingSubmission]) -> LoadRequest:
        """The streams and receipts that this batch reads, as far as they are known before the lock
        is taken. While there are other writers, all of them are read together with the head."""
        missing = self._states.missing(self._refs(batch), refresh=self._other_writers)
        receipts = [(i.scope, i.key) for w in batch if (i := w.submission.idempotency) is not None]
        submissions = [w.submission for w in batch]
        rows = [s.keys.new for s in submissions if s.keys is not None and not s.dry_run]
        keys = [row for row in rows if row is not None]
        return LoadRequest(missing.streams, missing.categories, receipts, missing.prefixes, keys)

    def _refs(self, batch: Sequence[PendingSubmission]) -> Iterable[Ref]:
        """What the batch reads. Sets `reads_by` of its commands: all that they read is loaded
        before the first of the batch is decided, and nothing is evicted until the last."""
        tracker = ReadTracker(self._states)
        for pending in batch:
            yield from tracker.refs(pending.submission.command, pending.submission.ctx)
            pending.reads_by = tracker.used

    def _load_missing(self, batch: Sequence[PendingSubmission]) -> None:
        """Load together, under the lock, the states that the batch still lacks: those that other
        writers changed, the streams of groups, and those named by commands only after a load."""
        for _ in range(LOAD_ROUNDS):
            missing = self._states.missing(self._refs(batch))
            if not missing:
                return
            self._load(missing)
        for pending in batch:  # so that the one which reads ever more is refused, and no other
            pending.reads_by = None

    def _load(self, request: LoadRequest) -> None:
        self._states.load(request, self._store.load(request))

    def _requeue(self, rest: Sequence[PendingSubmission]) -> None:
        with self._arrived:
            self._queue.extendleft(reversed(rest))

    def _commit(self, head: Head, decider: Decider, results: Results) -> Results:
        batch = Batch(
            decider.events,
            decider.receipts,
            list(decider.snapshots.values()),
            decider.recorded_at,
            list(decider.keys.values()),
            list(decider.blinds),
        )
        if not batch.events and not batch.receipts:
            self._store.rollback()
        else:
            try:
                self._store.commit(head, batch)
            except StoreUnavailable as error:
                return self._check_commit(batch, results, error)
        self._position = decider.position
        self.counters.batches += 1
        self.counters.events += len(batch.events)
        return results

    def _check_commit(self, batch: Batch, results: Results, error: StoreUnavailable) -> Results:
        """The connection broke while committing. The commit happened if the log contains the first
        event of the batch at its position."""
        self._abandon([], error)
        if not batch.events:
            return [(pending, _unavailable(error)) for pending, _ in results]
        deadline = time.monotonic() + self.limits.patience_seconds
        while time.monotonic() < deadline:
            try:
                if self._store.contains(batch.events[0]):
                    return results
                return [(pending, _unavailable(error)) for pending, _ in results]
            except Exception as check_error:  # never process the batch again: it may be written
                log.warning("fate_unknown", error=repr(check_error), size=len(results))
                time.sleep(0.05)
        unknown = Unavailable(
            "The database went away while committing; whether this happened is not known. "
            "Send it again with the same Idempotency-Key: it will not happen twice.",
        )
        return [(pending, unknown) for pending, _ in results]


def _unavailable(error: StoreUnavailable) -> Unavailable:
    log.warning("store_down", error=str(error))
    return Unavailable("The database does not answer; nothing was written. Try again.")
