"""PostgreSQL is killed under load, ten times: what was answered is there, once and whole."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine import migrations, pool
from oms_ledger.engine.embedded import EmbeddedServer
from oms_ledger.engine.log import PostgresStore
from oms_ledger.engine.writer import Idempotency, Limits, Outcome, Submission, Writer
from tests.databases import SCHEMA
from tests.engine.audit import assert_dense, assert_never_oversold
from tests.engine.conformance import InPostgres
from tests.engine.toy import Receive, Take, context

ROUNDS = 10


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="oms-crash-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@dataclass
class Load:
    """Threads that take three units at a time, each request under a key of its own, and remember
    what they were told."""

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
                self.accepted[key] = self.ask(key).result(60)
            except Unavailable:
                self.unknown.append(key)

    def ask(self, key: str) -> Future[Outcome]:
        once = Idempotency("crash", key, b"")
        return self.writer.submit(Submission(Take("X", 3), context(), once))


def writer_on(server: EmbeddedServer) -> Writer:
    store = PostgresStore(lambda: pool.connect(server.url, SCHEMA))
    return Writer(store, Limits(patience_seconds=30))


@pytest.mark.postgres
def test_kill_9_of_postgresql_under_load_loses_and_doubles_nothing(folder: Path) -> None:
    server = EmbeddedServer.start(folder)
    migrations.migrate(server.url, SCHEMA)
    writer = writer_on(server)
    writer.submit(Submission(Receive("X", 10_000_000), context())).result(10)
    load = Load(writer)
    for number in range(ROUNDS):
        load.stop.clear()
        threads = [threading.Thread(target=load.run, args=(f"{number}-{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        while len(load.accepted) < 200 * (number + 1):
            time.sleep(0.01)
        pid = server.postmaster_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.close()
        load.stop.set()
        server = EmbeddedServer.start(folder)
        for thread in threads:
            thread.join()

    ledger = InPostgres(
        lambda: pool.connect(server.url, SCHEMA),
        lambda: pool.connect(server.url, SCHEMA, role=False),
    )
    log = ledger.recorded()
    assert_dense(log)
    assert_never_oversold(log)

    # Every answered command is there whole, at the position that was answered.
    happened = {r.position: r.meta.command_id for r in log}
    units: dict[str, int] = {}
    for r in log[1:]:
        units[r.meta.command_id] = units.get(r.meta.command_id, 0) + 1
    assert set(units.values()) == {3}, "half of a command was written"
    answered = {happened[o.position] for o in load.accepted.values()}
    assert len(answered) == len(load.accepted), "a command that was answered is not there"

    # Every unanswered one is there once or not at all, and its key tells which.
    before = len(ledger.rows())
    replayed = [load.ask(key).result(30).replayed for key in load.unknown]
    again = len(ledger.rows()) - before
    assert again == 3 * replayed.count(False)
    assert len(units) == len(answered) + replayed.count(True)
    writer.close()
    server.close()
