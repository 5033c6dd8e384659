"""`oms-ledger serve`: one port, any number of API processes and workers behind it."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import structlog
from prometheus_client.multiprocess import mark_process_dead

from oms_ledger.domain.errors import Invalid, Unavailable
from oms_ledger.serving import tls
from oms_ledger.serving.supervisor import Child, Supervisor
from oms_ledger.settings import Settings, variable

log = structlog.get_logger(__name__)

PLAIN = (
    "Keys and orders travel in the clear. Let a proxy that speaks TLS stand in front, or give"
    " --tls-certificate and --tls-key."
)

BACKLOG = 2048
CHECK_SECONDS = 0.2
READY_SECONDS = 60.0

OWNER = variable("owner_url")


@dataclass(frozen=True, slots=True)
class ServePlan:
    """What to run. Port 0 takes a free port. `no_auth` is refused unless `host` is loopback."""

    host: str = "127.0.0.1"
    port: int = 8000
    api_processes: int = 1
    workers: int = 1
    no_auth: bool = False

    def __post_init__(self) -> None:
        if self.no_auth and not _is_loopback(self.host):
            raise Invalid(
                f"--no-auth opens the ledger to everybody who reaches {self.host}. Use it with"
                " --host 127.0.0.1, or make a key with `oms-ledger keys create`."
            )


def serve(settings: Settings, plan: ServePlan, on_ready: Callable[[str], None]) -> None:
    """Serve a prepared ledger (`settings.database_url`) until SIGINT or SIGTERM. `on_ready` is
    called once, with the URL, when the API answers. `Unavailable` when it does not within
    `READY_SECONDS`."""
    secure = tls.server_context(settings) is not None
    if not secure and not _is_loopback(plan.host):
        log.warning("plain_http", host=plan.host, detail=PLAIN)
    stop = threading.Event()
    with _stopping(stop), _listening(plan) as listening, _metrics_folder() as metrics:
        environment = _environment(settings, metrics)
        forget = partial(mark_process_dead, path=metrics)
        children = _children(plan, listening.fileno(), settings.silence_seconds)
        with Supervisor(environment, children, forget) as family:
            url = _url(listening, "https" if secure else "http")
            if _wait_until_ready(url, family, stop):
                on_ready(url)
            while not stop.wait(CHECK_SECONDS):
                family.check()


def _children(plan: ServePlan, listening: int, silence_seconds: float) -> list[Child]:
    options = ("--no-auth",) if plan.no_auth else ()
    apis = [
        Child(
            f"api-{n}",
            "oms_ledger.serving.api_process",
            before=(str(listening),),
            after=options,
            inherits=(listening,),
            without=(OWNER,),  # a process that answers requests never acts as the owner
            silence_seconds=silence_seconds,
        )
        for n in range(1, plan.api_processes + 1)
    ]
    workers = [
        Child(f"worker-{n}", "oms_ledger.serving.worker_process", silence_seconds=silence_seconds)
        for n in range(1, plan.workers + 1)
    ]
    return apis + workers


def _environment(settings: Settings, metrics: str) -> Mapping[str, str]:
    """The environment of children: the settings of this process, and the running database."""
    own = {
        variable("database_url"): settings.database_url or "",
        variable("data_dir"): str(settings.data_dir.absolute()),
        variable("ledger"): settings.ledger,
        variable("log_level"): settings.log_level,
        variable("development_urls"): settings.development_urls,
        variable("tls_certificate"): settings.tls_certificate or "",
        variable("tls_key"): settings.tls_key or "",
        "PROMETHEUS_MULTIPROC_DIR": metrics,
    }
    return {**os.environ, **own}


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listening(plan: ServePlan) -> Iterator[socket.socket]:
    """One socket for all API processes: waiting connections survive the death of a process."""
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    try:
        listening = socket.create_server((plan.host, plan.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {plan.host} port {plan.port}: {error.strerror}. Choose another"
            " with --port, or stop what uses it."
        ) from error
    with listening:
        yield listening


@contextmanager
def _metrics_folder() -> Iterator[str]:
    """The directory in which processes share their metrics; removed at the end."""
    folder = tempfile.mkdtemp(prefix="oms-ledger-metrics-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _url(listening: socket.socket, scheme: str) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # for reading only
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"


def _wait_until_ready(url: str, family: Supervisor, stop: threading.Event) -> bool:
    """True once the API answers; False when `stop` was set before."""
    deadline = time.monotonic() + READY_SECONDS
    # Without `trust_env` no proxy that the environment names is used.
    with httpx.Client(verify=tls.for_own_socket(), timeout=2, trust_env=False) as client:
        while not _answers(client, url):
            if stop.wait(0.05):
                return False
            family.check()
            if time.monotonic() > deadline or family.deaths() > 2 * len(family.children):
                raise Unavailable(
                    "The API does not come up; the log above says why. Correct it and start again."
                )
    return True


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/readyz").status_code == 200
    except (httpx.HTTPError, OSError):
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
