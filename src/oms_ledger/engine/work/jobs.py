"""Jobs: calls to vendors that events request.

A job is made in the transaction that moves the cursor of its effect, so that each event has one,
whenever the process ends. A worker leases it, does it, and ends it while it has the lease. Where a
lease expires, because its process died or was suspended, the job is `uncertain`: the vendor may
have acted, and the outcome is looked up before anything is tried again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)

STATES = ("waiting", "running", "done", "dead", "cancelled")

PRUNED_PAGE_ROWS = 1000


class NewJob(NamedTuple):
    """A job to be made, for the event at `position` of `stream`."""

    job_id: str
    effect: str
    connection: str
    position: Position
    stream: str
    correlation_id: str


class LeasedJob(NamedTuple):
    """A job that this process has the lease of. `attempts` counts this try. `uncertain`: an earlier
    try may have reached the vendor."""

    job_id: str
    effect: str
    connection: str
    position: Position
    stream: str
    correlation_id: str
    attempts: int
    uncertain: bool


class JobStatus(NamedTuple):
    """A job as people see it. `due_at` of a running one is when its lease expires."""

    job_id: str
    effect: str
    connection: str
    position: Position
    stream: str
    state: str
    attempts: int
    uncertain: bool
    due_at: datetime
    code: str | None
    created_at: datetime
    updated_at: datetime


class JobCount(NamedTuple):
    """How many jobs of a connection are in a state, and the age of the oldest in seconds."""

    connection: str
    state: str
    jobs: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a try ended. `state` is done, dead, or waiting: it is tried again after `seconds`, as
    `uncertain` where the vendor may have acted."""

    state: str
    code: str | None = None
    seconds: float = 0.0
    uncertain: bool = False


def enqueue(connection: Connection, new: Iterable[NewJob]) -> None:
    """Make jobs, in the caller's transaction; those that are there already stay as they are."""
    for each in new:
        connection.execute(SQL["enqueue_job"], each._asdict())


def lease(
    connection: Connection,
    owner: str,
    seconds: float,
    *,
    effects: Collection[str],
    paused: Collection[str],
    limit: int,
) -> list[LeasedJob]:
    """Lease due jobs of these effects, but none of paused connections; the oldest first."""
    params = {
        "owner": owner,
        "lease_seconds": seconds,
        "effects": list(effects),
        "paused": list(paused),
        "limit": limit,
    }
    rows = connection.execute(SQL["lease_jobs"], params).fetchall()
    return sorted(map(LeasedJob._make, rows), key=lambda job: (job.position, job.job_id))


def end(connection: Connection, job: LeasedJob, owner: str, ended: JobEnd) -> bool:
    """End a try. False where the lease was lost meanwhile: then another has the job."""
    params = {
        "job_id": job.job_id,
        "owner": owner,
        "attempts": job.attempts,
        "state": ended.state,
        "code": ended.code,
        "uncertain": ended.uncertain,
        "seconds": ended.seconds,
    }
    return connection.execute(SQL["end_job"], params).rowcount == 1


def job(connection: Connection, job_id: str) -> JobStatus:
    row = connection.execute(SQL["job"], (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no job {job_id[:100]}. List them with GET /v1/jobs.")
    return JobStatus(*row)


def retry(connection: Connection, job_id: str) -> JobStatus:
    """Have a job that waits, is dead or was cancelled done now. What it may have done before is
    looked up first."""
    if connection.execute(SQL["retry_job"], (job_id,)).fetchone() is None:
        raise _not_now(job(connection, job_id), "retried")
    return job(connection, job_id)


def cancel(connection: Connection, job_id: str) -> JobStatus:
    """End a job that waits or is dead. What the vendor may have done stays done."""
    if connection.execute(SQL["cancel_job"], (job_id,)).fetchone() is None:
        raise _not_now(job(connection, job_id), "cancelled")
    return job(connection, job_id)


def _not_now(status: JobStatus, wanted: str) -> Exception:
    remedy = "Wait until it has ended." if status.state == "running" else "Nothing is to be done."
    return illegal_transition(f"LeasedJob {status.job_id}", status.state, wanted, remedy)


def list_jobs(
    connection: Connection,
    *,
    name: str | None = None,
    state: str | None = None,
    limit: int = 50,
    before: tuple[datetime, str] | None = None,
) -> list[JobStatus]:
    """The newest first; with `before` (time of making, id), those that follow it."""
    at, before_id = before or (None, None)
    params = {
        "connection": name,
        "state": state,
        "limit": limit,
        "before": at,
        "before_id": before_id,
    }
    rows = connection.execute(SQL["list_jobs"], params).fetchall()
    return [JobStatus(*row) for row in rows]


def counts(connection: Connection) -> list[JobCount]:
    """Of those that are not ended, or are dead."""
    return [JobCount(*row) for row in connection.execute(SQL["count_jobs"]).fetchall()]


def prune(connection: Connection, days: int) -> int:
    """Delete a page of jobs that ended long ago; how many."""
    return connection.execute(SQL["prune_jobs"], {"days": days, "limit": PRUNED_PAGE_ROWS}).rowcount
