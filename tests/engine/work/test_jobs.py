"""Jobs: leased, done by one, ended by who has the lease, looked up after a lease was lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from oms_ledger.domain.errors import NotFound, Refused, Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work import jobs
from oms_ledger.engine.work.job_runner import ATTEMPTS_MAX, RETRIES, JobRunner
from oms_ledger.engine.work.jobs import JobEnd, JobStatus, LeasedJob, NewJob
from oms_ledger.engine.work.loops import BackOff
from tests.databases import Database
from tests.serving.family import until

SOON = BackOff(first_seconds=0.01, longest_seconds=0.02)


@pytest.fixture
def connector(ready: Database) -> Iterator[Connection]:
    with closing(ready.connect(Role.CONNECTOR)) as connection:
        yield connection


def make(database: Database, *ids: str, connection: str = "acme") -> None:
    with closing(database.connect_projector()) as projector:
        jobs.enqueue(
            projector,
            [
                NewJob(each, "payments", connection, n, "payment-1", "c")
                for n, each in enumerate(ids, 1)
            ],
        )


def lease(
    connector: Connection, owner: str = "me", seconds: float = 60.0, **more: list[str]
) -> list[LeasedJob]:
    given = {"effects": ["payments"], "paused": list[str](), **more}
    return jobs.lease(
        connector, owner, seconds, effects=given["effects"], paused=given["paused"], limit=10
    )


def test_an_event_has_one_job(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1", "payments-1")
    make(ready, "payments-1")
    (job,) = lease(connector)
    assert (job.attempts, job.uncertain) == (1, False)
    assert lease(connector) == [], "it is leased"
    assert jobs.end(connector, job, "me", JobEnd("done"))
    make(ready, "payments-1")
    assert lease(connector) == [], "a job that was done is not made again"


def test_two_lease_different_jobs(ready: Database, connector: Connection) -> None:
    make(ready, *(f"payments-{n}" for n in range(20)))
    with closing(ready.connect(Role.CONNECTOR)) as other, connector.transaction():
        first = {job.job_id for job in lease(connector, "one")}
        second = {job.job_id for job in lease(other, "two")}
    assert (len(first), len(second), first & second) == (10, 10, set())


def test_a_lost_lease_makes_a_job_uncertain(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1")
    (first,) = lease(connector, "one", seconds=0.0)
    (second,) = lease(connector, "two")
    assert (second.attempts, second.uncertain) == (2, True)
    assert not jobs.end(connector, first, "one", JobEnd("done")), "it was overtaken"
    assert jobs.job(connector, "payments-1").state == "running"
    assert jobs.end(connector, second, "two", JobEnd("done"))


def test_an_earlier_try_of_the_same_worker_ends_nothing(
    ready: Database, connector: Connection
) -> None:
    make(ready, "payments-1")
    (first,) = lease(connector, seconds=0.0)
    (second,) = lease(connector)
    assert not jobs.end(connector, first, "me", JobEnd("dead", "late"))
    assert jobs.end(connector, second, "me", JobEnd("done"))


def test_a_definite_failure_leaves_no_doubt(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1")
    (job,) = lease(connector)
    jobs.end(connector, job, "me", JobEnd("waiting", "secrets_missing"))
    (again,) = lease(connector)
    assert not again.uncertain
    jobs.end(connector, again, "me", JobEnd("waiting", "timeout", uncertain=True))
    (last,) = lease(connector)
    assert last.uncertain


def test_paused_and_limited_connections_wait(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1")
    make(ready, "payments-2", connection="other")
    (job,) = lease(connector, paused=["acme"])
    assert job.connection == "other"
    connector.execute(
        "INSERT INTO connection_health (connection, blocked_until, updated_at)"
        " VALUES ('acme', clock_timestamp() + interval '1 hour', clock_timestamp())"
    )
    assert lease(connector) == []
    connector.execute("UPDATE connection_health SET blocked_until = clock_timestamp()")
    assert [each.connection for each in lease(connector)] == ["acme"]


def test_other_effects_are_left_alone(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1")
    assert lease(connector, effects=["labels"]) == []


def test_a_person_retries_and_cancels(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1")
    assert jobs.cancel(connector, "payments-1").state == "cancelled"
    with pytest.raises(Refused, match="cancelled; it cannot be cancelled"):
        jobs.cancel(connector, "payments-1")
    retried = jobs.retry(connector, "payments-1")
    assert (retried.state, retried.uncertain) == ("waiting", True), "it is looked up first"
    (job,) = lease(connector)
    for change in (jobs.retry, jobs.cancel):
        with pytest.raises(Refused, match="is running"):
            change(connector, "payments-1")
    jobs.end(connector, job, "me", JobEnd("dead", "no_such_payment"))
    assert jobs.retry(connector, "payments-1").attempts == job.attempts
    (job,) = lease(connector)
    assert job.attempts == 2, "the keys of what a try reports hold its number"
    jobs.end(connector, job, "me", JobEnd("done"))
    with pytest.raises(Refused, match="is done; it cannot be retried"):
        jobs.retry(connector, "payments-1")
    with pytest.raises(NotFound, match="There is no job payments-7"):
        jobs.retry(connector, "payments-7")


def test_they_are_listed_and_counted(ready: Database, connector: Connection) -> None:
    make(ready, *(f"payments-{n}" for n in range(5)))
    (first, *_) = lease(connector)
    jobs.end(connector, first, "me", JobEnd("dead", "gone"))
    counts = {(each.connection, each.state): each.jobs for each in jobs.counts(connector)}
    assert counts == {("acme", "running"): 4, ("acme", "dead"): 1}
    page = jobs.list_jobs(connector, limit=3)
    rest = jobs.list_jobs(connector, limit=3, before=(page[-1].created_at, page[-1].job_id))
    assert len({each.job_id for each in [*page, *rest]}) == 5
    (dead,) = jobs.list_jobs(connector, state="dead")
    assert (dead.code, dead.job_id) == ("gone", first.job_id)
    assert jobs.list_jobs(connector, name="other") == []


def test_counting_reads_no_job_that_has_ended(connector: Connection) -> None:
    connector.execute("SET enable_seqscan = off")
    plan = str(connector.execute(b"EXPLAIN " + jobs.SQL["count_jobs"].encode()).fetchall())
    assert "jobs_due" in plan
    assert "jobs_dead" in plan


def test_ended_jobs_are_deleted_after_a_period(ready: Database, connector: Connection) -> None:
    make(ready, "payments-1", "payments-2", "payments-3")
    done, dead, _ = lease(connector)
    jobs.end(connector, done, "me", JobEnd("done"))
    jobs.end(connector, dead, "me", JobEnd("dead", "gone"))
    with closing(ready.connect_owner()) as owner:
        owner.execute("UPDATE jobs SET updated_at = updated_at - interval '91 days'")
    assert jobs.prune(connector, 90) == 1
    left = {each.job_id for each in jobs.list_jobs(connector)}
    assert left == {"payments-2", "payments-3"}, "what a person must see stays"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO jobs (job_id, effect, connection, position, stream, correlation_id, due_at,"
        " created_at, updated_at) VALUES ('x', 'e', 'c', 1, 's', 'c', now(), now(), now())",
        "UPDATE jobs SET position = 7",
        "UPDATE jobs SET connection = 'other'",
        "SELECT * FROM ledger_events",
        "SELECT * FROM subject_keys",
        "SELECT * FROM api_keys",
    ],
)
def test_the_role_that_calls_vendors_may_do_that_alone(
    connector: Connection, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connector.execute(statement.encode())


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER, Role.PROJECTOR, Role.SEALER])
@pytest.mark.parametrize(
    "statement",
    ["SELECT sealed FROM connection_secrets", "SELECT sealed FROM inbox_messages"],
)
def test_no_other_role_reads_what_is_sealed(ready: Database, role: Role, statement: str) -> None:
    with (
        closing(ready.connect(role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


# The loop.


class Performer:
    """Ends each job as `plan` says; what was called, with how certain it was."""

    def __init__(self, *plan: JobEnd | Exception) -> None:
        self.plan = list(plan)
        self.calls: list[tuple[str, bool]] = []
        self.running = threading.Semaphore(0)
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, job: LeasedJob) -> JobEnd:
        with self._lock:
            self.calls.append((job.job_id, job.uncertain))
            self._now += 1
            self.most = max(self.most, self._now)
            planned = self.plan.pop(0) if self.plan else JobEnd("done")
        try:
            if isinstance(planned, Exception):
                raise planned
            return planned
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def runner_of(
    database: Database, performer: Performer, *, lease_seconds: float = 60.0, threads: int = 4
) -> Iterator[JobRunner]:
    @contextmanager
    def lend() -> Iterator[Connection]:
        with closing(database.connect(Role.CONNECTOR)) as connection:
            yield connection

    with JobRunner(
        lend,
        ["payments"],
        performer,
        list,
        threads=threads,
        lease_seconds=lease_seconds,
        retries=SOON,
    ) as runner:
        yield runner


def run_to_end(database: Database, runner: JobRunner) -> dict[str, JobStatus]:
    stop = threading.Event()
    with closing(database.connect(Role.READER)) as reader:

        def ended() -> bool:
            runner.attempt(stop)
            return not [j for j in jobs.list_jobs(reader) if j.state in ("waiting", "running")]

        until(ended, "all jobs are ended")
        return {each.job_id: each for each in jobs.list_jobs(reader, limit=500)}


def test_jobs_are_done_side_by_side(ready: Database) -> None:
    make(ready, *(f"payments-{n}" for n in range(50)))
    performer = Performer()
    with runner_of(ready, performer) as runner:
        ended = run_to_end(ready, runner)
    assert {each.state for each in ended.values()} == {"done"}
    assert sorted(job_id for job_id, _ in performer.calls) == sorted(ended), "each of them once"


def test_what_failed_is_tried_again_and_looked_up_where_it_must(ready: Database) -> None:
    make(ready, "payments-1")
    performer = Performer(
        JobEnd("waiting", "secrets_missing"),
        JobEnd("waiting", "timeout", uncertain=True),
        JobEnd("done"),
    )
    with runner_of(ready, performer) as runner:
        ended = run_to_end(ready, runner)
    assert performer.calls == [("payments-1", False), ("payments-1", False), ("payments-1", True)]
    assert ended["payments-1"].attempts == 3


@pytest.mark.parametrize("error", [RuntimeError("planted"), Unavailable("planted"), KeyError(1)])
def test_an_exception_is_a_try_of_unknown_outcome(ready: Database, error: Exception) -> None:
    make(ready, "payments-1")
    performer = Performer(error)
    with runner_of(ready, performer) as runner:
        ended = run_to_end(ready, runner)
    assert performer.calls == [("payments-1", False), ("payments-1", True)]
    assert ended["payments-1"].state == "done"
    assert "planted" not in str(ended)


def test_after_too_many_tries_it_waits_for_a_person(ready: Database) -> None:
    make(ready, "payments-1")
    unknown = JobEnd("waiting", "timeout", uncertain=True)
    performer = Performer(*[unknown] * 100)
    with runner_of(ready, performer) as runner:
        ended = run_to_end(ready, runner)
    job = ended["payments-1"]
    assert (job.state, job.code, job.uncertain) == ("dead", "timeout", True)
    assert len(performer.calls) == ATTEMPTS_MAX


def test_a_vendor_may_be_away_for_a_day_and_a_half() -> None:
    pauses = [RETRIES.pause(tries, 0.0) for tries in range(1, ATTEMPTS_MAX)]
    assert 36 * 3600 <= sum(pauses) <= 42 * 3600


def test_a_job_that_is_retried_by_hand_has_all_its_tries(
    ready: Database, connector: Connection
) -> None:
    make(ready, "payments-1")
    performer = Performer(*[JobEnd("waiting", "timeout", uncertain=True)] * 100)
    with runner_of(ready, performer) as runner:
        for rounds in (1, 2):
            job = run_to_end(ready, runner)["payments-1"]
            assert (job.state, job.attempts) == ("dead", rounds * ATTEMPTS_MAX)
            assert len(performer.calls) == rounds * ATTEMPTS_MAX
            jobs.retry(connector, "payments-1")


def test_a_worker_that_was_suspended_is_overtaken(ready: Database) -> None:
    """The first is held up for longer than its lease: the second looks up, and ends it."""
    make(ready, "payments-1")
    held, go_on = threading.Event(), threading.Event()

    class Suspended(Performer):
        def __call__(self, job: LeasedJob) -> JobEnd:
            held.set()
            go_on.wait(30)
            return JobEnd("dead", "too late")

    second = Performer()
    with runner_of(ready, Suspended(), lease_seconds=0.05) as slow:
        slow.step()
        assert held.wait(10)
        time.sleep(0.1)
        with runner_of(ready, second) as fast:
            ended = run_to_end(ready, fast)
        assert ended["payments-1"].state == "done"
        go_on.set()
    assert second.calls == [("payments-1", True)]
    with closing(ready.connect(Role.READER)) as reader:
        assert jobs.job(reader, "payments-1").state == "done", "the late end changes nothing"


def test_no_more_run_than_there_are_threads(ready: Database) -> None:
    make(ready, *(f"payments-{n}" for n in range(30)))
    performer = Performer()
    with runner_of(ready, performer, threads=2) as runner:
        run_to_end(ready, runner)
    assert performer.most <= 2
