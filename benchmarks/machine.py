"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import psycopg

from benchmarks import postgres


@dataclass(frozen=True, slots=True)
class Machine:
    """`sync_us` is how long the disk takes to make one 8 kB write durable (pg_test_fsync,
    fdatasync), in microseconds: the least that a commit can take."""

    cpu: str
    cores: int
    memory_gb: int
    system: str
    python: str
    postgresql: str
    sync_us: int
    date: str


def this_machine(server: str) -> Machine:
    with psycopg.connect(server) as connection:
        version = connection.info.parameter_status("server_version") or "unknown"
    return Machine(
        _cpu(),
        os.cpu_count() or 1,
        round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        f"{platform.system()} {platform.release()}",
        platform.python_version(),
        version.split(" ")[0],
        sync_microseconds(),
        datetime.now(UTC).date().isoformat(),
    )


def _cpu() -> str:
    """As the system names it; the bare architecture where it does not."""
    try:
        match = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        match = None
    return match[1] if match else platform.machine()


def sync_microseconds() -> int:
    """In the folder for temporary files, where the embedded server's data is, too."""
    with tempfile.TemporaryDirectory() as folder:
        command = [postgres.program("pg_test_fsync"), "-s", "1", "-f", f"{folder}/file"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    match = re.search(r"fdatasync\s+[\d.]+ ops/sec\s+(\d+) usecs/op", output)
    assert match, output
    return int(match[1])


def processor_seconds(database_url: str) -> float:
    """Processor time of this process and of its children that have ended, and of all of
    PostgreSQL, with its processes that have ended."""
    with psycopg.connect(database_url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
        used = 0.0
        for process in [server, *server.children()]:
            with suppress(psutil.NoSuchProcess):  # its time is among those that have ended
                times = process.cpu_times()
                used += times.user + times.system
        ended = server.cpu_times().children_user + server.cpu_times().children_system
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time() + children.ru_utime + children.ru_stime
    return float(own + used + ended)


def process_milliseconds(process: int) -> float:
    """Processor time that a process has used, to the microsecond; Linux alone tells it."""
    return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[0]) / 1e6
