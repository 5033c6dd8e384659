"""A worker process that folds, and stops in the middle of a page until it gets a line of input.

python -m tests.resilience.worker URL SCHEMA LEASE_SECONDS
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.project.projector import LIVE_PATH, FoldPath, Projector
from oms_ledger.testing import replace
from tests.databases import Database
from tests.engine.project.tallies import TALLIES
from tests.resilience.clients import ROOT

IN_THE_MIDDLE = "in the middle of a page"


def halting(halt: Callable[[], None]) -> FoldPath:
    """Calls `halt` once, between reading the rows of a page and writing them."""
    halts = [halt]

    def commit(connection: Connection, move: Sequence[object], write: Callable[[], None]) -> None:
        if halts:
            halts.pop()()
        LIVE_PATH.commit(connection, move, write)

    return replace(LIVE_PATH, commit=commit)


@contextmanager
def in_the_middle_of_a_page(
    database: Database, lease_seconds: float
) -> Generator[subprocess.Popen[str]]:
    """A worker that has read rows and not yet written them. Killed at the end if need be."""
    arguments = (database.url, database.schema, str(lease_seconds))
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert IN_THE_MIDDLE in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def main(url: str, schema: str, lease_seconds: str) -> None:
    """Goes on after a line of its standard input, and ends with it."""
    stop = threading.Event()

    def until_the_end() -> None:
        sys.stdin.read()
        stop.set()

    def halt() -> None:
        print(IN_THE_MIDDLE, flush=True)
        sys.stdin.readline()
        threading.Thread(target=until_the_end, daemon=True).start()

    def connect() -> Connection:
        return pool.connect(url, schema, role=Role.PROJECTOR)

    projector = Projector(
        connect,
        [TALLIES],
        page_events=40,
        lease_seconds=float(lease_seconds),
        path=halting(halt),
    )
    projector.run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
