"""Servers in processes of their own, and wrk as their client."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compare import Run
from oms_ledger.settings import Settings, variable

FOLDER = Path(__file__).parent
KEY = "benchmark-key-of-32-characters-or-more"
START_SECONDS = 60


@contextmanager
def served_ledger(settings: Settings, *, workers: int = 1, api_processes: int = 1) -> Iterator[str]:
    """`oms-ledger serve` on a ledger, with its defaults; its address."""
    port = _free_port()
    environment = {
        variable("database_url"): settings.database_url or "",
        variable("ledger"): settings.ledger,
        variable("admin_key"): KEY,
        variable("log_level"): "warning",
    }
    program = str(Path(sys.executable).with_name("oms-ledger"))
    command = [program, "serve", "--port", str(port), "--workers", str(workers)]
    command += ["--api-processes", str(api_processes)]
    with _running(command, environment, port) as url:
        yield url


@contextmanager
def route(module: str, environment: Mapping[str, str]) -> Iterator[str]:
    """A yardstick's FastAPI application; its address."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", f"{module}:app", "--port", str(port)]
    with _running(
        [*command, "--no-access-log", "--log-level", "warning"], environment, port
    ) as url:
        yield url


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[str]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, cwd=FOLDER.parent
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server answers; `oms-ledger serve` listens a little before that, and keeps
    connections waiting."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.settimeout(START_SECONDS)
                connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk sends: `script` with its environment, over some connections. A request
    counts for `each`, the orders in a batch."""

    script: str
    connections: int
    environment: Mapping[str, str]
    each: int = 1
    path: str = "/v1/orders"


def orders(connections: int, *, batch: int = 0, skus: int = 1000, lines: int = 3) -> Load:
    given = {
        "ORDERS_SKUS": str(skus),
        "ORDERS_BATCH": str(batch),
        "ORDERS_LINES": str(lines),
    }
    path = "/v1/orders:batch" if batch else "/v1/orders"
    return Load("order.lua", connections, given, batch or 1, path)


def wrk(url: str, load: Load, seconds: float) -> Run:
    """RuntimeError where any answer was not a success: a refusal is quick, and proves nothing."""
    with start_wrk(url, load, seconds) as process:
        output, _ = process.communicate()
    return result_of(output, load)


def start_wrk(url: str, load: Load, seconds: float) -> subprocess.Popen[str]:
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("HTTP is measured with wrk. Install it: apt install wrk")
    threads = min(2, load.connections)
    options = ["-t", str(threads), "-c", str(load.connections), "-d", f"{round(seconds)}s"]
    command = [program, *options, "--timeout", "30s", "-s", load.script, url + load.path]
    environment = {**os.environ, "ORDERS_KEY": KEY, **load.environment}
    return subprocess.Popen(command, env=environment, cwd=FOLDER, stdout=subprocess.PIPE, text=True)


def result_of(output: str, load: Load) -> Run:
    figures = json.loads(output.strip().splitlines()[-1])
    if figures["not_2xx"] or figures["broken"] or not figures["requests"]:
        raise RuntimeError(f"{load}: {figures}")
    return Run(
        figures["requests"] * load.each / figures["seconds"], figures["p50_ms"], figures["p99_ms"]
    )
