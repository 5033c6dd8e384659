"""Load: customers who place orders until they are stopped, and keep every answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.stock.events import StockAllocated
from oms_ledger.kernel import Recorded
from tests.serving.family import client, until
from tests.serving.shop import Json, location, order, receive

LINES = (("A", 1), ("B", 2))

PAUSE_SECONDS = 0.1
"""After a failure; a real client would wait longer."""


@dataclass
class Load:
    """Each request has a key of its own, which is also its correlation id, so that the log
    tells what came of it. `acknowledged` is what was answered, `unknown` what failed; `seconds`
    are those of the slowest request. A customer pauses for `pause_seconds` after each order."""

    url: str
    key: str | None
    acknowledged: dict[str, Json] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    seconds: float = 0.0
    pause_seconds: float = 0.0

    def open_shop(self) -> None:
        with client(self.url, self.key) as http:
            location(http, "LON")
            receive(http, ("A", "LON", 1_000_000), ("B", "LON", 1_000_000))

    @contextmanager
    def running(self, customers: int, name: str = "c") -> Generator[None]:
        """Meanwhile customers order; at the end they have all been answered or given up."""
        threads = [
            threading.Thread(target=self._order, args=(f"{name}{n}",)) for n in range(customers)
        ]
        self.stop.clear()
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
        assert self.wrong == []

    def until_more(self, orders: int) -> None:
        enough = len(self.acknowledged) + orders
        until(lambda: len(self.acknowledged) >= enough or bool(self.wrong), "orders are accepted")
        assert self.wrong == []

    def _order(self, name: str) -> None:
        number = 0
        with client(self.url, self.key) as http:
            while not self.stop.is_set():
                number += 1
                started = time.monotonic()
                self._place(http, f"{name}-{number}")
                self.seconds = max(self.seconds, time.monotonic() - started)
                self.stop.wait(self.pause_seconds)

    def _place(self, http: httpx.Client, key: str) -> None:
        try:
            answer = send(http, key)
        except httpx.TransportError:
            self.unknown.append(key)
            self.stop.wait(PAUSE_SECONDS)
            return
        if answer.status_code == 201:
            self.acknowledged[key] = answer.json()
            return
        self.unknown.append(key)
        if answer.status_code != 503 or int(answer.headers.get("retry-after", 0)) < 1:
            self.wrong.append(f"{answer.status_code}: {answer.text}")
        self.stop.wait(PAUSE_SECONDS)

    # Afterwards.

    def check_acknowledged(self, log: Sequence[Recorded]) -> None:
        """Each acknowledged order is in the log once and whole, at the position of its answer."""
        written = _by_request(log)
        for key, answer in self.acknowledged.items():
            events = written[key]
            assert _shape(events) == _shape_of_one(), f"{key} is not whole"
            assert events[-1].position == answer["position"]
            placed = [r.event for r in events if isinstance(r.event, OrderPlaced)]
            assert [p.order_id for p in placed] == [answer["order_id"]]

    def check_unknown(self, http: httpx.Client, log: Sequence[Recorded]) -> None:
        """Each other one is there once, whole, or not at all; sent again its key tells which,
        and then it is there once."""
        written = _by_request(log)
        for key in self.unknown:
            assert _shape(written.get(key, [])) in (_shape_of_one(), Counter()), key
            again = send(http, key)
            assert again.status_code == 201, again.text
            replayed = again.headers.get("idempotent-replayed") == "true"
            assert replayed == (key in written), "the key tells something else than the log"
            self.acknowledged[key] = again.json()
        self.unknown.clear()


def send(http: httpx.Client, key: str) -> httpx.Response:
    headers = {"Idempotency-Key": key, "X-Correlation-Id": key}
    return http.post("/v1/orders", json=order(*LINES), headers=headers)


def _by_request(log: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    events: dict[str, list[Recorded]] = {}
    for r in log:
        events.setdefault(r.meta.correlation_id, []).append(r)
    return events


def _shape(events: Sequence[Recorded]) -> Counter[str]:
    """What happened, and how much of each product was promised."""
    return Counter(
        f"{r.event.sku} {r.event.quantity}"
        if isinstance(r.event, StockAllocated)
        else type(r.event).type
        for r in events
    )


def _shape_of_one() -> Counter[str]:
    promised = (f"{sku} {quantity}" for sku, quantity in LINES)
    return Counter(["channel.order_numbered.v1", OrderPlaced.type, *promised])
