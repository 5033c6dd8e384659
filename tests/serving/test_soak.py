"""A shop at work: several clerks do everything at once, and afterwards the books are right."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from tests.serving.checks import check_everything
from tests.serving.conftest import Served
from tests.serving.family import client
from tests.serving.shop import Json, order, receive

SECONDS = 10.0
CLERKS = 5
SKUS = [f"SOAK-{n}" for n in range(6)]
PLACES = ("LON", "MAN")


@dataclass
class Clerk:
    """Does what comes up next, to orders of its own and to the stock of all; its choices are its
    seed's. `done` counts what was answered, by work and status."""

    number: int
    url: str
    done: Counter[tuple[str, int]] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    open: list[Json] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    on_their_way: list[str] = field(default_factory=list)

    def run(self, until: float) -> None:
        self.dice = random.Random(self.number)
        work: list[Callable[[], None]] = [
            *[self.place] * 5,
            *[self.ship] * 3,
            *[self.dispatch] * 3,
            *[self.deliver] * 2,
            self.cancel,
            self.receive,
            self.adjust,
        ]
        with client(self.url) as self.http:
            while time.monotonic() < until:
                self.dice.choice(work)()

    def place(self) -> None:
        skus = self.dice.sample(SKUS, self.dice.randint(1, 3))
        lines = [(sku, self.dice.randint(1, 4)) for sku in skus]
        backorder = self.dice.choice(["refuse", "refuse", "allow"])
        body = order(*lines, confirm=True, backorder=backorder)
        if made := self.post("place", "/v1/orders", body):
            self.open.append(made)

    def ship(self) -> None:
        """From the first place that has units for it; what was cancelled meanwhile is refused."""
        if not self.open:
            return
        made = self.open.pop(self.dice.randrange(len(self.open)))
        places = {a["location"] for line in made["lines"] for a in line["allocations"]}
        for code in sorted(places):
            path = f"/v1/orders/{made['order_id']}/shipments"
            if shipment := self.post("ship", path, {"location": code}):
                self.packed.append(shipment["shipment_id"])

    def dispatch(self) -> None:
        if self.packed:
            shipment = self.packed.pop(self.dice.randrange(len(self.packed)))
            if self.post("dispatch", f"/v1/shipments/{shipment}/dispatch", {}):
                self.on_their_way.append(shipment)

    def deliver(self) -> None:
        if self.on_their_way:
            shipment = self.on_their_way.pop(self.dice.randrange(len(self.on_their_way)))
            self.post("deliver", f"/v1/shipments/{shipment}/deliver", {})

    def cancel(self) -> None:
        """Some of them twice, since they stay among the open ones."""
        if self.open:
            made = self.dice.choice(self.open)
            self.post("cancel", f"/v1/orders/{made['order_id']}/cancel", {"reason": "customer"})

    def receive(self) -> None:
        body = {"sku": self.dice.choice(SKUS), "location": self.dice.choice(PLACES), "quantity": 5}
        self.post("receive", "/v1/stock/receipts", body)

    def adjust(self) -> None:
        self.post(
            "adjust",
            "/v1/stock/adjustments",
            {
                "sku": self.dice.choice(SKUS),
                "location": self.dice.choice(PLACES),
                "change": self.dice.choice([-2, -1, 1]),
                "reason": "counted",
            },
        )

    def post(self, work: str, path: str, body: Json) -> Json | None:
        """The answer; None for a refusal."""
        answer: httpx.Response = self.http.post(path, json=body)
        self.done[work, answer.status_code] += 1
        if answer.status_code not in (200, 201, 409):
            self.unexpected.append(f"{work}: {answer.status_code} {answer.text}")
        return answer.json() if answer.is_success else None


@pytest.mark.long
def test_everything_at_once_leaves_the_books_right(shop: Served) -> None:
    receive(shop.client, *((sku, place, 20) for sku in SKUS for place in PLACES))
    clerks = [Clerk(number, shop.url) for number in range(CLERKS)]
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=clerk.run, args=(until,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [problem for clerk in clerks for problem in clerk.unexpected] == []
    done = sum((clerk.done for clerk in clerks), Counter[tuple[str, int]]())
    worked = {work for work, status in done if status < 300}
    assert worked == {"place", "ship", "dispatch", "deliver", "cancel", "receive", "adjust"}
    assert done["place", 409], "stock never ran out"
    log = check_everything(shop.client, shop.database)
    assert len(log) > sum(n for (_, status), n in done.items() if status < 300)
