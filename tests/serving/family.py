"""The real program as a parent with its child processes: started, killed, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # the library has no types
from prometheus_client.multiprocess import MultiProcessCollector

PROGRAM = Path(sys.executable).with_name("oms-ledger")

ADMIN_KEY = "key-of-the-administrator-for-tests-1"

PATIENCE_SECONDS = 180.0
"""Deadline for what must happen, on a machine that is busy."""


class Family:
    """`oms-ledger serve` and its children. `output` is where both its streams are kept."""

    def __init__(self, environment: Mapping[str, str], output: Path, *options: str) -> None:
        self.stdout = output / "stdout"
        self.stderr = output / "stderr"
        with self.stdout.open("w") as out, self.stderr.open("w") as err:
            self.parent = psutil.Popen(
                [str(PROGRAM), "serve", *options],
                env={**_surroundings(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=output,
                start_new_session=True,
            )
        self._children: dict[int, psutil.Process] = {}

    def ready(self) -> str:
        """Wait for the line with the address, and return the address."""

        self.until(lambda: "\n" in self.stdout.read_text(), "it is ready")
        self.children()
        return self.stdout.read_text().split()[1]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something, unless the parent ends before."""

        def so() -> bool:
            assert self.parent.poll() is None, f"it ended: {self.stderr.read_text()[-3000:]}"
            return condition()

        until(so, what)

    def children(self, module: str = "oms_ledger.serving") -> list[psutil.Process]:
        """The children that are alive, oldest first."""
        with_parent = [p for p in self.parent.children() if module in " ".join(_words(p))]
        self._children |= {p.pid: p for p in with_parent}
        return sorted(with_parent, key=lambda p: (p.create_time(), p.pid))

    def apis(self) -> list[psutil.Process]:
        return self.children("oms_ledger.serving.api_process")

    def workers(self) -> list[psutil.Process]:
        return self.children("oms_ledger.serving.worker_process")

    def answers(self, route: str, status: int) -> dict[int, int]:
        """How many such answers each API process has given, by its process id: from the
        counters that each keeps for itself."""
        counts = {}
        for api in self.apis():
            file = Path(api.environ()["PROMETHEUS_MULTIPROC_DIR"]) / f"histogram_{api.pid}.db"
            counts[api.pid] = _answers(file)[route, str(status)]
        return counts

    def end(self, how: signal.Signals) -> int:
        """Tell the parent to end, as a terminal (SIGINT: to its whole group) or an init system
        does; its exit code."""
        self.children()
        if how is signal.SIGINT:
            os.killpg(self.parent.pid, how)
        else:
            self.parent.send_signal(how)
        return int(self.parent.wait(PATIENCE_SECONDS))

    def left(self) -> list[psutil.Process]:
        """The processes of the family that are still running."""
        return [p for p in (self.parent, *self._children.values()) if alive(p)]

    def clear(self) -> None:
        """However a test ended, nothing stays."""
        if alive(self.parent):
            self.children()
            self.parent.terminate()
            psutil.wait_procs([self.parent], timeout=PATIENCE_SECONDS)
        remains = self.left()
        signal_each(remains, signal.SIGKILL)
        psutil.wait_procs(remains, timeout=10)


@contextmanager
def serving(
    environment: Mapping[str, str], output: Path, *options: str
) -> Generator[tuple[Family, str]]:
    """A family that is ready, and its address; cleared away in the end."""
    output.mkdir(parents=True, exist_ok=True)
    family = Family(environment, output, "--port", "0", *options)
    try:
        yield family, family.ready()
    finally:
        family.clear()


def client(url: str, key: str | None = ADMIN_KEY) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"it never came to be that {what}"
        time.sleep(0.02)


def signal_each(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to processes, of which any may have ended since they were listed: PostgreSQL's
    autovacuum does at any moment."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def postmaster(data_dir: Path) -> psutil.Process | None:
    """The running server of a data folder, looked up without using it."""
    try:
        pid = int((data_dir / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if alive(process) else None


def servers(data_dir: Path) -> list[psutil.Process]:
    """All PostgreSQL processes of a data folder."""
    folder = str(data_dir.resolve() / "pg")
    processes = []
    for process in psutil.process_iter(["name"]):
        try:
            if str(process.info["name"]).startswith("postgres") and process.cwd() == folder:
                processes.append(process)
        except psutil.Error:
            continue
    return processes


def _surroundings() -> dict[str, str]:
    return {name: v for name, v in os.environ.items() if not name.startswith("OMS_")}


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _answers(file: Path) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    if not file.exists():
        return counts
    for metric in MultiProcessCollector.merge([str(file)]):  # type: ignore[no-untyped-call]  # the library has no types here
        for sample in metric.samples:
            if sample.name == "oms_http_request_seconds_count":
                counts[sample.labels["route"], sample.labels["status"]] += int(sample.value)
    return counts
