"""The loop of the jobs: leases what is due, and has it done by a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Self

import structlog

from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.work import jobs
from oms_ledger.engine.work.consequences import code_of
from oms_ledger.engine.work.jobs import JobEnd, LeasedJob
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.engine.work.state import new_holder

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
"""How often to look for due jobs where there are none."""

LEASE_SECONDS = 120.0
"""Longer than any try may take, with its calls and its report: a job whose lease expires is looked
up, and done again where nothing came of it."""

THREADS = 8

ATTEMPTS_MAX = 20
"""Tries until a job, or a message of a vendor, is dead: a day and a half with the pauses of
`RETRIES`."""

RETRIES = BackOff(first_seconds=2.0, longest_seconds=6 * 3600.0)
"""The pauses between the tries of one job."""

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=10.0)
"""Of the loop, where the database does not answer."""


def tries_of_round(attempts: int) -> int:
    """Which try of its round this is, from 1 to `ATTEMPTS_MAX`. A job or message that is dead after
    a whole round begins another when a person has it done again. One that died earlier, since it
    was refused, goes on in its round."""
    return (attempts - 1) % ATTEMPTS_MAX + 1


Perform = Callable[[LeasedJob], JobEnd]
"""Does one try of a job. An exception is taken for a try of unknown outcome."""


class JobRunner:
    """Runs due jobs of the effects in `perform`, each in a thread of its own. Any number of workers
    may run. `lend` lends a connection of the role that does jobs, `paused` names the connections
    that are not to be called. Tests override `_perform` and `_end` to stop it in the middle.

    Used by one thread; `close` waits for the tries under way.
    """

    def __init__(
        self,
        lend: Callable[[], AbstractContextManager[Connection]],
        effects: Collection[str],
        perform: Perform,
        paused: Callable[[], Collection[str]],
        *,
        threads: int = THREADS,
        lease_seconds: float = LEASE_SECONDS,
        retries: BackOff = RETRIES,
    ) -> None:
        self._lend = lend
        self._effects = effects
        self._do = perform
        self._paused = paused
        self._threads = threads
        self._lease_seconds = lease_seconds
        self._retries = retries
        self._owner = new_holder()
        self._free = threads
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for the tries under way; each is ended, or its lease expires."""
        self._pool.shutdown(wait=True)

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: begin what is due, or wait a little."""
        if not self.step():
            with self._changed:
                self._changed.wait(POLL_SECONDS)
        return True

    def step(self) -> int:
        """Begin as many due jobs as there are free threads; how many."""
        with self._changed:
            free = self._free
        if not free:
            return 0
        paused = self._paused()
        with self._lend() as connection:
            leased = jobs.lease(
                connection,
                self._owner,
                self._lease_seconds,
                effects=self._effects,
                paused=paused,
                limit=free,
            )
        with self._changed:
            self._free -= len(leased)
        for each in leased:
            self._pool.submit(self._try, each)
        return len(leased)

    def _try(self, job: LeasedJob) -> None:
        try:
            self._end(job, self._perform(job))
        except Exception:
            # The lease expires, and the job is looked up.
            log.exception("job_not_ended", job=job.job_id)
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _perform(self, job: LeasedJob) -> JobEnd:
        try:
            return self._do(job)
        except Unavailable as error:
            return self._again(job, error.code)
        except OmsError as error:
            log.warning("job_failed", job=job.job_id, code=error.code)
            return self._again(job, error.code)
        except Exception as error:
            log.exception("job_failed", job=job.job_id)
            return self._again(job, code_of(error))

    def _again(self, job: LeasedJob, code: str) -> JobEnd:
        """What it did is not known."""
        return JobEnd("waiting", code, uncertain=True)

    def _end(self, job: LeasedJob, ended: JobEnd) -> None:
        """End a try; one to be tried again is dead after too many."""
        if ended.state == "waiting":
            ended = self._next_try(job, ended)
        with self._lend() as connection:
            if not jobs.end(connection, job, self._owner, ended):
                log.warning("job_overtaken", job=job.job_id, state=ended.state)
                return
        if ended.state == "dead":
            log.warning("job_dead", job=job.job_id, connection=job.connection, code=ended.code)

    def _next_try(self, job: LeasedJob, ended: JobEnd) -> JobEnd:
        tries = tries_of_round(job.attempts)
        if tries == ATTEMPTS_MAX:
            return JobEnd("dead", ended.code, uncertain=ended.uncertain)
        pause = max(ended.seconds, self._retries.pause(tries, 0.0))
        return JobEnd("waiting", ended.code, pause, ended.uncertain)
