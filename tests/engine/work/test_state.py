"""What workers write of their loops, and what another process reads of it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import pytest

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work import state
from oms_ledger.engine.work.state import WorkRecorder, WorkState, work_states
from tests.databases import Database

STOP = threading.Event()


class Worker:
    """A worker's recorder, on a database that can be taken away."""

    def __init__(
        self, database: Database, *names: str, unchanged_seconds: float = state.UNCHANGED_SECONDS
    ) -> None:
        self._database = database
        self.away = False
        self.writes = 0
        self.recorder = WorkRecorder(self._lend, names or ("sealer", "anchors"), unchanged_seconds)

    @contextmanager
    def _lend(self) -> Generator[Connection]:
        if self.away:
            raise psycopg.OperationalError("connection refused")
        self.writes += 1
        connection = self._database.connect(Role.PROJECTOR)
        try:
            yield connection
        finally:
            connection.close()

    def step(self) -> None:
        self.recorder.step(STOP)


def read(database: Database) -> dict[str, WorkState]:
    with database.connect(Role.READER) as connection:
        return {each.name: each for each in work_states(connection)}


def test_a_failure_and_a_recovery_are_visible_to_another_process(postgres: Database) -> None:
    worker = Worker(postgres)
    worker.recorder.succeeded("sealer")
    worker.step()
    healthy = read(postgres)["sealer"]
    assert (healthy.failures, healthy.failing_since, healthy.last_error) == (0, None, None)
    assert healthy.last_success_seconds is not None
    assert 0 <= healthy.last_success_seconds < 60
    worker.recorder.failed("sealer", "TreeDamaged", 30.0)
    worker.step()
    worker.recorder.failed("sealer", "Unavailable", 60.0)
    worker.step()
    failing = read(postgres)["sealer"]
    assert (failing.failures, failing.last_error) == (2, "Unavailable")
    assert failing.last_success == healthy.last_success
    assert failing.failing_since is not None
    assert failing.next_try is not None
    assert failing.last_error_at is not None
    assert failing.failing_since <= failing.last_error_at < failing.next_try
    worker.recorder.succeeded("sealer")
    worker.step()
    recovered = read(postgres)["sealer"]
    assert (recovered.failures, recovered.failing_since, recovered.next_try) == (0, None, None)
    assert recovered.last_error == "Unavailable"
    assert recovered.last_success is not None
    assert recovered.last_success > failing.failing_since


def test_reports_between_two_writes_are_one(postgres: Database) -> None:
    worker = Worker(postgres)
    for _ in range(3):
        worker.recorder.failed("anchors", "Unavailable", 1.0)
    worker.recorder.succeeded("anchors")
    worker.recorder.failed("anchors", "TimeoutError", 1.0)
    worker.recorder.failed("anchors", "TimeoutError", 2.0)
    worker.step()
    loop = read(postgres)["anchors"]
    assert (loop.failures, loop.last_error) == (2, "TimeoutError")
    assert loop.last_success is not None
    assert loop.failing_since is not None
    assert loop.failing_since > loop.last_success


def test_failures_are_counted_over_all_workers(postgres: Database) -> None:
    one, other = Worker(postgres), Worker(postgres)
    one.recorder.failed("sealer", "Unavailable", 1.0)
    one.step()
    since = read(postgres)["sealer"].failing_since
    other.recorder.failed("sealer", "Unavailable", 1.0)
    other.step()
    loop = read(postgres)["sealer"]
    assert (loop.failures, loop.failing_since) == (2, since)
    other.recorder.succeeded("sealer")
    other.step()
    assert read(postgres)["sealer"].failures == 0


def test_a_success_is_written_seldom_and_a_change_at_once(postgres: Database) -> None:
    worker = Worker(postgres, unchanged_seconds=600.0)
    for _ in range(3):
        worker.recorder.succeeded("sealer")
        worker.step()
    removal = 1
    assert worker.writes == removal + 1
    worker.recorder.failed("sealer", "Unavailable", 1.0)
    worker.step()
    worker.recorder.succeeded("sealer")
    worker.step()
    assert worker.writes == removal + 3
    worker.recorder.succeeded("sealer")
    worker.step()
    assert worker.writes == removal + 3
    worker.recorder.close()
    assert worker.writes == removal + 4


def test_what_could_not_be_written_is_written_later(postgres: Database) -> None:
    worker = Worker(postgres)
    worker.step()
    worker.away = True
    worker.recorder.succeeded("sealer")
    worker.recorder.failed("sealer", "Unavailable", 1.0)
    with pytest.raises(psycopg.OperationalError):
        worker.step()
    worker.recorder.failed("sealer", "Unavailable", 1.0)
    with pytest.raises(psycopg.OperationalError):
        worker.step()
    worker.away = False
    worker.step()
    loop = read(postgres)["sealer"]
    assert loop.failures == 2
    assert loop.last_success is not None


def test_loops_that_are_no_longer_run_are_removed(postgres: Database) -> None:
    before = Worker(postgres, "sealer", "anchors")
    before.recorder.failed("anchors", "Unavailable", 1.0)
    before.recorder.succeeded("sealer")
    before.step()
    Worker(postgres, "sealer").step()
    assert set(read(postgres)) == {"sealer"}


def test_a_loop_is_degraded_when_it_has_failed_for_long(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(postgres)
    worker.recorder.failed("sealer", "Unavailable", 1.0)
    worker.recorder.succeeded("anchors")
    worker.step()
    assert not any(each.degraded for each in read(postgres).values())
    monkeypatch.setattr(state, "DEGRADED_SECONDS", 0.0)
    assert [each.name for each in read(postgres).values() if each.degraded] == ["sealer"]
