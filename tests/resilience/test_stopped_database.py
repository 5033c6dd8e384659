"""PostgreSQL is stopped, or the network loses its other half: everything is answered in time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from oms_ledger.engine.db.embedded import EmbeddedServer
from tests.resilience.proxy import wire_to
from tests.serving.conftest import data_dir as data_dir  # the fixture
from tests.serving.family import ADMIN_KEY, client, servers, serving, signal_each, until
from tests.serving.shop import location, order, receive

pytestmark = pytest.mark.postgres

CLIENTS = 12

SHORT_DEADLINE = 1.5
SHORT_OUTAGE = 8.0

DEADLINE = 11.0
OUTAGE = 45.0

ANSWERED_WITHIN = {SHORT_DEADLINE: 6.0, DEADLINE: 15.0}
"""Seconds, for each setting of the deadline; the shorter one leaves room for a busy machine."""


class Answer(NamedTuple):
    """What a request got, after how many seconds."""

    method: str
    status: int
    code: str
    seconds: float


class Callers:
    """Clients that order and read until `end()` is called. `placed` are the external ids of
    acknowledged orders."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._end = threading.Event()
        self.answers: list[Answer] = []
        self.placed: list[str] = []
        self.unknown: list[str] = []

    def run(self, number: int) -> None:
        with client(self._url) as http:
            count = 0
            while not self._end.is_set():
                count += 1
                external = f"{number}-{count}"
                self._order(http, external)
                self._timed(http, "GET", "/v1/orders?limit=5")
                self._timed(http, "GET", "/v1/stock/MUG")

    def _order(self, http: httpx.Client, external: str) -> None:
        answer = self._timed(http, "POST", "/v1/orders", body_of(external), external)
        if answer.status == 201:
            self.placed.append(external)
        else:
            self.unknown.append(external)

    def _timed(
        self, http: httpx.Client, method: str, path: str, body: object = None, key: str = ""
    ) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        started = time.monotonic()
        got = http.request(method, path, json=body, headers=headers)
        code = got.json().get("code", "")
        answer = Answer(method, got.status_code, code, time.monotonic() - started)
        self.answers.append(answer)
        return answer

    def end(self) -> None:
        self._end.set()


@contextmanager
def shop(url: str, output: Path, deadline: float) -> Iterator[str]:
    """A served shop with a deadline of its own; its address."""
    environment = {
        "OMS_DATABASE_URL": url,
        "OMS_ADMIN_KEY": ADMIN_KEY,
        "OMS_DATABASE_DEADLINE_SECONDS": str(deadline),
    }
    with serving(environment, output) as (_, address):
        with client(address) as http:
            location(http, "LON")
            receive(http, ("MUG", "LON", 100_000))
            until(lambda: http.get("/v1/stock/MUG").status_code == 200, "its stock is seen")
        yield address


def check(address: str, callers: Callers, deadline: float) -> None:
    """All answers came in time and are 200, 201 or 503; every acknowledged order is there once,
    and every other one can be sent again."""
    slow = [a for a in callers.answers if a.seconds > ANSWERED_WITHIN[deadline]]
    assert slow == []
    assert {a.status for a in callers.answers} <= {200, 201, 503}
    assert {a.code for a in callers.answers if a.status == 503} <= {"unavailable", "overloaded"}
    given_up = [a for a in callers.answers if a.status == 503]
    assert {"GET", "POST"} <= {a.method for a in given_up}, "the outage was not seen"
    with client(address) as http:
        for external in callers.unknown:
            until(partial(placed, http, external), "it takes orders again")
        everything = callers.placed + callers.unknown
        until(lambda: http.get("/readyz").status_code == 200, "its connections are replaced")
        head = http.get("/readyz").json()["head"]
        stock = http.get(f"/v1/stock/MUG?min_position={head}&wait_ms=10000")
        assert stock.json()["allocated"] == len(everything) == len(set(everything))


def body_of(external: str) -> dict[str, object]:
    return order(("MUG", 1), external_id=external, customer={"email": f"{external}@example.com"})


def placed(http: httpx.Client, external: str) -> bool:
    """Send an order again with its idempotency key; whether it is placed now."""
    headers = {"Idempotency-Key": external}
    again = http.post("/v1/orders", json=body_of(external), headers=headers)
    assert again.status_code in (200, 201, 503), again.text
    return again.status_code != 503


def outage(address: str, deadline: float, seconds: float, begin: object, end: object) -> None:
    assert callable(begin)
    assert callable(end)
    callers = Callers(address)
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(callers.run, n) for n in range(CLIENTS)]
        try:
            time.sleep(1)
            begin()
            time.sleep(seconds)
        finally:
            end()
            time.sleep(2)
            callers.end()
        for each in running:
            each.result()
    check(address, callers, deadline)


@pytest.mark.parametrize(
    ("deadline", "seconds"),
    [(SHORT_DEADLINE, SHORT_OUTAGE), pytest.param(DEADLINE, OUTAGE, marks=pytest.mark.long)],
)
def test_the_server_is_stopped(
    data_dir: Path, tmp_path: Path, deadline: float, seconds: float
) -> None:
    def send(number: signal.Signals) -> None:
        signal_each(servers(data_dir), number)

    server = EmbeddedServer.start(data_dir)
    try:
        with shop(server.url, tmp_path / "out", deadline) as address:
            outage(
                address,
                deadline,
                seconds,
                lambda: send(signal.SIGSTOP),
                lambda: send(signal.SIGCONT),
            )
    finally:
        send(signal.SIGCONT)
        server.close()


@pytest.mark.parametrize(
    ("deadline", "seconds"),
    [(SHORT_DEADLINE, SHORT_OUTAGE), (DEADLINE, 70.0)],
)
@pytest.mark.long
def test_the_network_is_half_open(
    data_dir: Path, tmp_path: Path, deadline: float, seconds: float
) -> None:
    """Everything is taken, and nothing comes back."""
    server = EmbeddedServer.start(data_dir)
    try:
        with wire_to(server.url) as wire, shop(wire.url, tmp_path / "out", deadline) as address:
            outage(address, deadline, seconds, wire.hold, wire.release)
    finally:
        server.close()
