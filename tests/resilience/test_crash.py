"""PostgreSQL is killed under load, several times: what was answered is there, once and whole."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import migrations, pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.embedded import EmbeddedServer
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.write.writer import Idempotency, Limits, Outcome, Submission, Writer
from oms_ledger.kernel import Recorded
from oms_ledger.settings import Settings
from oms_ledger.testing import replace
from tests.databases import SCHEMA, Database
from tests.engine.conformance import PostgresLedger
from tests.engine.log.audit import assert_dense, assert_never_oversold
from tests.engine.project.log import expected, position, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.toy import Receive, Take, context
from tests.resilience.followers import projecting, subscribed
from tests.resilience.hostile import wait_until

ROUNDS = [2, pytest.param(10, marks=pytest.mark.long)]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="oms-crash-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@dataclass
class Load:
    """Threads that take three units at a time, each under a key of its own, and keep the
    outcomes."""

    writer: Writer
    stop: threading.Event = field(default_factory=threading.Event)
    accepted: dict[str, Outcome] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def run(self, name: str) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            key = f"{name}-{number}"
            try:
                self.accepted[key] = self.submit(key).result(60)
            except Unavailable:
                self.unknown.append(key)
                self.stop.wait(0.05)

    def submit(self, key: str) -> Future[Outcome]:
        once = Idempotency("crash", key, b"")
        return self.writer.submit(Submission(Take("X", 3), context(), once))

    def retry_unknown(self) -> int:
        """Submit all commands of unknown fate again by their keys; how many had been written."""
        futures = [self.submit(key) for key in self.unknown]
        return sum(future.result(60).replayed for future in futures)


class Server:
    """An embedded server that is killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running = EmbeddedServer.start(folder)
        migrations.migrate(self.running.url, SCHEMA)
        with self.connect(Role.OWNER) as owner:
            builds.install(owner, TALLIES)

    def connect(self, role: Role | None) -> Connection:
        return pool.connect(self.running.url, SCHEMA, role=role)

    def connect_writer(self) -> Connection:
        return self.connect(Role.WRITER)

    def connect_projector(self) -> Connection:
        return self.connect(Role.PROJECTOR)

    def kill_and_start(self) -> None:
        pid = self.running.postmaster_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.running.close()
        self.running = EmbeddedServer.start(self.folder)

    def log(self) -> list[Recorded]:
        return PostgresLedger(self.connect_writer, lambda: self.connect(None)).recorded()


def killed_under_load(server: Server, load: Load, rounds: int) -> None:
    for number in range(rounds):
        load.stop.clear()
        threads = [threading.Thread(target=load.run, args=(f"{number}-{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        while len(load.accepted) < 100 * (number + 1):
            time.sleep(0.01)
        server.kill_and_start()
        load.stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.postgres
@pytest.mark.parametrize("rounds", ROUNDS)
def test_kill_9_of_postgresql_under_load_loses_and_doubles_nothing(
    folder: Path, rounds: int
) -> None:
    server = Server(folder)
    writer = Writer(PostgresStore(server.connect_writer), Limits(patience_seconds=30))
    load = Load(writer)
    url = server.running.url
    database = Database(url, replace(Settings(), database_url=url))
    with projecting(server.connect_projector), subscribed(database) as followed:
        writer.submit(Submission(Receive("X", 10_000_000), context())).result(10)
        killed_under_load(server, load, rounds)

        log = server.log()
        assert_dense(log)
        assert_never_oversold(log)
        check_answers(log, load)
        before = check_unanswered(server, log, load)

        # Who listened when the server went away has caught up, missed and doubled nothing.
        head = len(before)
        wait_until(lambda: len(followed) >= head and position(database) >= head)
        assert followed == list(range(1, head + 1))
    assert stored(database) == expected(before)
    writer.close()
    server.running.close()


def check_answers(log: list[Recorded], load: Load) -> None:
    """Every answered command is there whole, at the position that was answered."""
    happened = {r.position: r.meta.command_id for r in log}
    units = Counter(r.meta.command_id for r in log[1:])
    assert set(units.values()) == {3}, "half of a command was written"
    answered = {happened[o.position] for o in load.accepted.values()}
    assert len(answered) == len(load.accepted), "a command that was answered is not there"


def check_unanswered(server: Server, log: list[Recorded], load: Load) -> list[Recorded]:
    """Every unanswered command is in the log once or not at all, as its key shows. Returns the log
    after they were submitted again."""
    had_happened = load.retry_unknown()
    after = server.log()
    assert len(after) - len(log) == 3 * (len(load.unknown) - had_happened)
    commands = len({r.meta.command_id for r in log[1:]})
    assert commands == len(load.accepted) + had_happened
    return after
