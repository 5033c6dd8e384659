"""Real databases for tests, each of one test's own; servers of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from oms_ledger.engine.db import embedded, migrations, pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.settings import Settings
from tests import server as server_of_tests

SCHEMA = "oms_main"

KEK = b64encode(b"key-encryption key of the tests.").decode()
"""Given to every process of a test, so that all of them open what any of them has sealed."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database of a test's own, holding one migrated, empty ledger."""

    url: str
    settings: Settings

    @property
    def schema(self) -> str:
        return self.settings.schema

    def connect(self, role: Role = Role.READER) -> Connection:
        """A connection in a role, as the program makes it. The caller closes it."""
        return pool.connect(self.url, self.schema, role=role)

    def connect_writer(self) -> Connection:
        return self.connect(Role.WRITER)

    def connect_projector(self) -> Connection:
        return self.connect(Role.PROJECTOR)

    def connect_owner(self) -> Connection:
        """A connection as the login itself, which created the database and has every right."""
        return pool.connect(self.url, self.schema, role=None)


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def create_database(server: str, template: str | None = None, name: str | None = None) -> str:
    """The URL of a new database, which belongs to this test run."""
    name = name or f"{server_of_tests.prefix()}_{uuid4().hex[:12]}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}")
    with psycopg.connect(server, autocommit=True) as connection:
        # Copying files needs two checkpoints, which are for nothing where nothing is synchronised.
        fsync = connection.execute("SHOW fsync").fetchone()
        strategy = sql.SQL("FILE_COPY" if fsync == ("off",) else "WAL_LOG")
        names = sql.Identifier(name), sql.Identifier(template or "template1")
        connection.execute(statement.format(*names, strategy))
    return with_database(server, name)


def drop_database(server: str, url: str) -> None:
    """Drop a database, even if sessions are connected to it."""
    name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def temporary_database(server: str, template: str | None = None) -> Generator[str]:
    """The URL of a new database, dropped afterwards."""
    url = create_database(server, template)
    try:
        yield url
    finally:
        drop_database(server, url)


@contextmanager
def ledger_database(server: str, template: str | None = None) -> Generator[Database]:
    """A database with one ledger, copied from a template that has it or migrated here."""
    with temporary_database(server, template) as url:
        if template is None:
            migrations.migrate(url, SCHEMA)
        yield Database(url, replace(Settings(), database_url=url, kek=KEK))


def postgres15_binaries() -> Path | None:
    """Where a PostgreSQL 15 is installed, if it is. `OMS_TEST_POSTGRES15_BIN` may say so."""
    named = os.environ.get("OMS_TEST_POSTGRES15_BIN")
    places = [Path(named)] if named else []
    places += [Path("/usr/lib/postgresql/15/bin"), Path("/usr/pgsql-15/bin")]
    places += [Path("/opt/homebrew/opt/postgresql@15/bin")]
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def embedded_server() -> Generator[str]:
    """The URL of an embedded PostgreSQL that goes with all it holds."""
    with (
        tempfile.TemporaryDirectory(prefix="oms-test-", ignore_cleanup_errors=True) as folder,
        embedded.database(Settings(data_dir=Path(folder))) as url,
    ):
        yield url


@contextmanager
def temporary_server(
    binaries: Path, configure: Callable[[Path], None] = lambda data: None
) -> Generator[str]:
    """The URL of a PostgreSQL started from these binaries, stopped and deleted afterwards;
    `configure` may change what is in its data folder before."""
    folder = Path(tempfile.mkdtemp(prefix="oms-pg-"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres"
        shutil.chown(folder, user, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), "-D", str(data), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd=folder,
            start_new_session=True,
        )

    try:
        run("initdb", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\n")
        configure(data)
        run("pg_ctl", "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://postgres@/postgres?host={quote(str(folder), '')}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
