"""The embedded server: shared, stopped by the last, and back after anything."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import psutil  # type: ignore[import-untyped]  # the library has no types
import psycopg
import pytest

from oms_ledger.engine.db.embedded import EmbeddedServer, database, server_environment
from oms_ledger.settings import Settings
from tests.serving.family import servers, signal_each

pytestmark = pytest.mark.postgres

USE_UNTIL_INPUT = """
import sys
from pathlib import Path
from oms_ledger.engine.db.embedded import database
from oms_ledger.settings import Settings
with database(Settings(data_dir=Path(sys.argv[1]))) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def empty_dir() -> Iterator[Path]:
    """A data folder without a database."""
    folder = Path(tempfile.mkdtemp(prefix="oms embedded ")).resolve()  # a blank, as people do
    yield folder
    alive = servers(folder)
    signal_each(alive, signal.SIGKILL)
    psutil.wait_procs(alive, 10)
    shutil.rmtree(folder, ignore_errors=True)
    assert alive == [], "a server was left running"


@pytest.fixture(scope="session")
def initialised() -> Iterator[Path]:
    """A data folder whose database was used once and stopped."""
    folder = Path(tempfile.mkdtemp(prefix="oms-initialised-")).resolve()
    with database(Settings(data_dir=folder)):
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(empty_dir: Path, initialised: Path) -> Path:
    """A data folder with a database in it: a copy, which is quicker than making one."""
    subprocess.run(["cp", "-Rp", initialised / "pg", empty_dir], check=True)
    return empty_dir


def another_process(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that uses the server until it reads a line, and the URL it got."""
    process = subprocess.Popen(
        [sys.executable, "-c", USE_UNTIL_INPUT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("go\n", timeout=180)
    assert process.returncode == 0


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_it_starts_keeps_and_stops(empty_dir: Path) -> None:
    settings = Settings(data_dir=empty_dir)
    with database(settings) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (one int)")
        safe = ["fsync", "full_page_writes", "synchronous_commit"]
        for name in safe:
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        assert connection.execute("SHOW max_wal_size").fetchone() == ("2GB",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert servers(empty_dir) == []
    with database(settings) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_named_server_is_used_as_it_is(empty_dir: Path) -> None:
    named = Settings(data_dir=empty_dir, database_url="postgresql://localhost/elsewhere")
    with database(named) as url:
        assert url == "postgresql://localhost/elsewhere"
    assert list(empty_dir.iterdir()) == []


def test_two_processes_share_it_and_the_last_to_leave_stops_it(data_dir: Path) -> None:
    first, url = another_process(data_dir)
    second, same = another_process(data_dir)
    assert url == same
    finish(first)
    assert answers(url)
    finish(second)
    assert servers(data_dir) == []


def test_two_processes_starting_at_once_make_one_server(empty_dir: Path) -> None:
    start = [sys.executable, "-c", USE_UNTIL_INPUT, str(empty_dir)]
    processes = [
        subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate("go\n", timeout=180)[0] for process in processes]
    assert outputs[0] == outputs[1] != ""
    assert [process.returncode for process in processes] == [0, 0]


def test_uses_in_one_process_count(data_dir: Path) -> None:
    first, second = EmbeddedServer.start(data_dir), EmbeddedServer.start(data_dir)
    first.close()
    assert answers(second.url)
    second.close()
    assert servers(data_dir) == []


def test_a_killed_user_does_not_keep_it_running(data_dir: Path) -> None:
    process, url = another_process(data_dir)
    process.kill()
    process.communicate(timeout=10)
    assert answers(url), "nobody was there to stop it"
    with database(Settings(data_dir=data_dir)) as same:
        assert same == url
    assert servers(data_dir) == []


def test_ctrl_c_leaves_nothing(data_dir: Path) -> None:
    process, url = another_process(data_dir)
    assert answers(url)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=180)
    assert servers(data_dir) == []


def test_ctrl_c_does_not_reach_the_server(data_dir: Path) -> None:
    process, _ = another_process(data_dir)
    groups = set()
    for server in servers(data_dir):
        with suppress(ProcessLookupError):  # helpers of the server come and go
            groups.add(os.getpgid(server.pid))
    assert groups
    assert process.pid not in groups
    finish(process)


def test_a_killed_server_comes_back_with_all_that_was_committed(data_dir: Path) -> None:
    server = EmbeddedServer.start(data_dir)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert server.postmaster_pid is not None
    os.kill(server.postmaster_pid, signal.SIGKILL)
    server.close()
    with (
        database(Settings(data_dir=data_dir)) as url,
        psycopg.connect(url) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


@pytest.mark.parametrize("long", [False, True], ids=["in the folder", "elsewhere"])
def test_a_server_killed_while_in_use_comes_back_at_the_same_address(
    data_dir: Path, long: bool
) -> None:
    """A socket whose path would be too long is somewhere else."""
    folder = data_dir / ("l" + "o" * 100 + "ng") if long else data_dir
    with database(Settings(data_dir=folder)) as url:
        assert (str(data_dir) in unquote(url)) != long
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        pid, *_ = (folder / "pg" / "postmaster.pid").read_text().split()
        psutil.Process(int(pid)).kill()
        deadline = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(url) as connection:
                    kept = connection.execute("SELECT count(*) FROM kept").fetchone()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "nobody started it again"
                time.sleep(0.05)
        assert kept == (1000,)
    assert servers(folder) == []


@pytest.mark.parametrize(
    "first_line", [str(os.getpid()), "1", "", "999999999"], ids=["ours", "init", "empty", "none"]
)
def test_a_stale_pid_file_is_no_hindrance(data_dir: Path, first_line: str) -> None:
    """As after a power cut, when another process has the old server's id."""
    settings = Settings(data_dir=data_dir)
    with database(settings):
        running = (data_dir / "pg" / "postmaster.pid").read_text().splitlines()
    (data_dir / "pg" / "postmaster.pid").write_text("\n".join([first_line, *running[1:]]) + "\n")
    with database(settings) as url:
        assert answers(url)


def test_stale_handles_of_the_library_keep_nothing_alive(data_dir: Path) -> None:
    with database(Settings(data_dir=data_dir)):
        (data_dir / "pg" / ".handle_pids.json").write_text(json.dumps([1, 999_999_999]))
    assert servers(data_dir) == []


def test_a_process_that_dies_while_making_the_database_leaves_a_clean_start(
    empty_dir: Path,
) -> None:
    unfinished = empty_dir / "pg.new-before"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with database(Settings(data_dir=empty_dir)) as url:
        assert answers(url)
    assert not unfinished.exists()


@pytest.mark.parametrize("moment", ["pg.new-*", "pg/postmaster.pid"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_starter_may_be_stopped_at_any_moment(
    empty_dir: Path, moment: str, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", USE_UNTIL_INPUT, str(empty_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    while not list(empty_dir.glob(moment)) and process.poll() is None:
        time.sleep(0.005)
    if how is signal.SIGINT:
        os.killpg(process.pid, how)
        process.wait(60)
        assert servers(empty_dir) == []
    else:
        process.kill()
        process.wait(10)
    with database(Settings(data_dir=empty_dir)) as url:
        assert answers(url)
    assert servers(empty_dir) == []


def test_the_server_inherits_no_setting_of_the_program() -> None:
    inherited = server_environment(
        {"PATH": "/bin", "OMS_ADMIN_KEY": "secret", "AWS_SECRET_ACCESS_KEY": "s", "LANG": "C"}
    )
    assert inherited == {"PATH": "/bin", "LANG": "C"}
