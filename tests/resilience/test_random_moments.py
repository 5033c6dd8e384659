"""Database, network, API processes and workers are killed, stopped and cut off at random moments,
under load: what was acknowledged is there once, everything else was answered with an error, and all
of it in time."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.engine.db.embedded import EmbeddedServer
from tests.resilience.proxy import Wire, wire_to
from tests.serving.checks import check_everything
from tests.serving.conftest import data_dir as data_dir  # the fixture
from tests.serving.family import (
    ADMIN_KEY,
    Family,
    client,
    postmaster,
    servers,
    serving,
    signal_each,
    until,
)
from tests.serving.load import Load

pytestmark = pytest.mark.postgres

API_PROCESSES = 2
CUSTOMERS = 4
PAUSE_SECONDS = 0.1
ORDERS_BETWEEN = 3

ANSWERED_WITHIN = 15.0

DATABASE_STOPPED = "the database is stopped"
NETWORK_HALF_OPEN = "the network is half open"
OF_DATABASE = (DATABASE_STOPPED, NETWORK_HALF_OPEN)

OF_PROCESS_SECONDS = 10.0

PATHS = ("/v1/orders?limit=5", "/v1/stock/A", "/v1/events?limit=5", "/v1/shipments")


@dataclass(frozen=True, slots=True)
class Moment:
    """After `wait` seconds under load a fault begins; it lasts for `seconds` where it has an
    end."""

    wait: float
    fault: str
    seconds: float


def moments(seed: int, count: int, longest: float) -> list[Moment]:
    """Each fault comes as often as any other. One in ten lasts for the longest time that its kind
    may: a process that is stopped cannot answer, whereas a database may be away for longer than
    any answer takes."""
    chance = random.Random(seed)
    faults = [list(FAULTS)[number % len(FAULTS)] for number in range(count)]
    chance.shuffle(faults)
    planned = []
    for fault in faults:
        most = longest if fault in OF_DATABASE else min(longest, OF_PROCESS_SECONDS)
        seconds = most if chance.random() < 0.1 else chance.uniform(0.05, most / 3)
        planned.append(Moment(chance.uniform(0.0, 0.5), fault, seconds))
    return planned


@dataclass
class Reads:
    """Clients that read until they are stopped, and keep what was wrong and how long the
    slowest answer took."""

    url: str
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    answered: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Generator[None]:
        threads = [threading.Thread(target=self._read, args=(path,)) for path in PATHS]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _read(self, path: str) -> None:
        with client(self.url) as http:
            while not self.stop.wait(PAUSE_SECONDS):
                started = time.monotonic()
                self._request(http, path)
                self.seconds = max(self.seconds, time.monotonic() - started)

    def _request(self, http: httpx.Client, path: str) -> None:
        try:
            answer = http.get(path)
        except httpx.TransportError:  # its process was killed
            return
        self.answered += answer.status_code == 200
        if answer.status_code not in (200, 503):
            self.wrong.append(f"{path}: {answer.status_code} {answer.text}")


@dataclass
class Place:
    """What the faults befall."""

    data_dir: Path
    wire: Wire
    family: Family
    chance: random.Random

    def one_of(self, processes: list[psutil.Process]) -> list[psutil.Process]:
        return [self.chance.choice(processes)] if processes else []


def kill_database(place: Place, seconds: float) -> None:
    running = postmaster(place.data_dir)
    if running is None:
        return
    running.kill()
    until(lambda: postmaster(place.data_dir) not in (None, running), "PostgreSQL runs again")


def hold_network(place: Place, seconds: float) -> None:
    place.wire.hold()
    time.sleep(seconds)
    place.wire.release()


def kill(which: Callable[[Place], list[psutil.Process]], place: Place, seconds: float) -> None:
    signal_each(which(place), signal.SIGKILL)


def stop(which: Callable[[Place], list[psutil.Process]], place: Place, seconds: float) -> None:
    stopped = which(place)
    signal_each(stopped, signal.SIGSTOP)
    time.sleep(seconds)
    signal_each(stopped, signal.SIGCONT)


def an_api(place: Place) -> list[psutil.Process]:
    return place.one_of(place.family.apis())


def a_worker(place: Place) -> list[psutil.Process]:
    return place.one_of(place.family.workers())


def the_database(place: Place) -> list[psutil.Process]:
    return servers(place.data_dir)


FAULTS: dict[str, Callable[[Place, float], None]] = {
    "the database is killed": kill_database,
    DATABASE_STOPPED: partial(stop, the_database),
    NETWORK_HALF_OPEN: hold_network,
    "an API process with its writer is killed": partial(kill, an_api),
    "an API process with its writer is stopped": partial(stop, an_api),
    "a worker is killed": partial(kill, a_worker),
    "a worker is stopped": partial(stop, a_worker),
}


@pytest.mark.parametrize(
    ("seed", "count", "deadline", "longest"),
    [
        pytest.param(1, 7, 3.0, 5.0, id="7 moments"),
        pytest.param(2, 200, 11.0, 25.0, id="200 moments"),
    ],
)
@pytest.mark.long
def test_random_moments_under_load(
    data_dir: Path, tmp_path: Path, seed: int, count: int, deadline: float, longest: float
) -> None:
    server = EmbeddedServer.start(data_dir)
    try:
        with wire_to(server.url) as wire:
            environment = {
                "OMS_DATABASE_URL": wire.url,
                "OMS_ADMIN_KEY": ADMIN_KEY,
                "OMS_DATABASE_DEADLINE_SECONDS": str(deadline),
            }
            options = ("--api-processes", str(API_PROCESSES))
            with serving(environment, tmp_path, *options) as (family, url):
                load = Load(url, ADMIN_KEY, pause_seconds=PAUSE_SECONDS)
                load.open_shop()
                place = Place(data_dir, wire, family, random.Random(seed))
                reads = Reads(url)
                with load.running(CUSTOMERS), reads.running():
                    for moment in moments(seed, count, longest):
                        time.sleep(moment.wait)
                        FAULTS[moment.fault](place, moment.seconds)
                        load.until_more(ORDERS_BETWEEN)
                check(load, reads, url, server.url)
    finally:
        signal_each(servers(data_dir), signal.SIGCONT)
        server.close()


def check(load: Load, reads: Reads, url: str, database: str) -> None:
    assert load.unknown, "nobody noticed anything"
    assert reads.answered, "nobody read anything"
    assert reads.wrong == []
    assert max(load.seconds, reads.seconds) < ANSWERED_WITHIN
    with client(url) as http:
        until(lambda: http.get("/readyz").status_code == 200, "it is ready")
        log = check_everything(http, database)
        load.check_acknowledged(log)
        load.check_unknown(http, log)
        load.check_acknowledged(check_everything(http, database))
