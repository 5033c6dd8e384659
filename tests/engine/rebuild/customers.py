"""Customers who place orders and read until they are stopped. No request may be refused, and no
answer may be older than `min_position` or than an answer before."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import httpx

from tests.serving.family import client
from tests.serving.shop import Json, order

PAUSE_SECONDS = 0.02
LISTS = ("/v1/orders", "/v1/stock", "/v1/shipments")


@dataclass
class Customers:
    """`took` has the start of each command and the seconds until its answer, `wrong` a text for
    each wrong answer."""

    url: str
    took: list[tuple[float, float]] = field(default_factory=list)
    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def about(self, buyers: int) -> Generator[None]:
        threads = [threading.Thread(target=self._buy) for _ in range(buyers)]
        threads.append(threading.Thread(target=self._read))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _buy(self) -> None:
        """Place orders, and read each one, its stock and the list of orders at its position."""
        with client(self.url) as http:
            while not self.stop.wait(PAUSE_SECONDS):
                began = time.monotonic()
                placed = http.post("/v1/orders", json=order(("A", 1), ("B", 2)))
                self.took.append((began, time.monotonic() - began))
                if placed.status_code != 201:
                    self.wrong.append(f"{placed.status_code} {placed.text}")
                    continue
                made = placed.json()
                at = {"min_position": made["position"], "wait_ms": 10_000}
                self._checked_get(http, f"/v1/orders/{made['order_id']}", at)
                self._checked_get(http, "/v1/stock/A", at)
                listed = self._checked_get(http, "/v1/orders", {**at, "limit": 50})
                ids = [each["order_id"] for each in listed.get("items", ())]
                if made["order_id"] not in ids:
                    self.wrong.append(f"{made['order_id']} is not in the list")

    def _read(self) -> None:
        """Read lists without `min_position`: positions never go back, whichever build answers."""
        positions = dict.fromkeys(LISTS, 0)
        with client(self.url) as http:
            while not self.stop.wait(PAUSE_SECONDS):
                for path in LISTS:
                    answer = http.get(path, params={"limit": 1})
                    self.answers += 1
                    position = int(answer.headers.get("ledger-position", -1))
                    if answer.status_code != 200 or position < positions[path]:
                        self.wrong.append(f"{path} {answer.status_code} at {position}: {positions}")
                    positions[path] = position

    def _checked_get(self, http: httpx.Client, path: str, params: dict[str, int]) -> Json:
        answer = http.get(path, params=params)
        self.answers += 1
        position = int(answer.headers.get("ledger-position", -1))
        if answer.status_code != 200 or position < params["min_position"]:
            self.wrong.append(f"{path} {answer.status_code} at {position}: {answer.text[:200]}")
            return {}
        body: Json = answer.json()
        return body

    def p99(self, since: float, until: float) -> float:
        """The 99th percentile of the commands that began in this time, in seconds."""
        return quantiles((took for at, took in self.took if since <= at < until), n=100)[98]
