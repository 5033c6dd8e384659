"""Stock that reservations hold, and that kits take, agrees with the counters, or is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger

PARTS = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]


@pytest.fixture(scope="module")
def life() -> list[StoredEvent]:
    """The events of kits that were reserved, ordered, backordered, filled, sent and resumed."""
    with MemoryLedger() as ledger:

        def do(command: str, **fields: object) -> Any:
            return ledger.execute(COMMANDS[command](**fields)).answer

        do("PutLocation", code="LON", name="London")
        for part in PARTS:
            do("ReceiveStock", sku=part["sku"], location="LON", quantity=10)
        do("PutProduct", sku="K", title="Kit", components=PARTS)
        wanted = [{"sku": "K", "quantity": 3}, {"sku": "B", "quantity": 1}]
        held = do("CreateReservation", lines=wanted, expires_in_s=60)
        other = do("CreateReservation", lines=[{"sku": "A", "quantity": 2}], expires_in_s=60)
        do("ExtendReservation", reservation_id=other["reservation_id"], expires_in_s=90)
        do("ReleaseReservation", reservation_id=other["reservation_id"])
        lines = [{"sku": "K", "quantity": 7, "unit_price": "1.00"}]
        order = do(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=lines,
            backorder="allow",
            confirm=True,
            reservation_id=held["reservation_id"],
        )
        order_id = order["order_id"]
        do("ReceiveStock", sku="A", location="LON", quantity=4)
        do("AllocateBackorders", order_id=order_id)
        some = do("CreateShipment", order_id=order_id, location="LON")
        do("DispatchShipment", shipment_id=some["shipment_id"])
        do("DeliverShipment", shipment_id=some["shipment_id"])
        one = [{**lines[0], "quantity": 1}]
        web = {"channel": "web", "currency": "GBP", "backorder": "allow"}
        second = do("PlaceOrder", **web, lines=one)["order_id"]
        do("CancelOrder", order_id=second, reason="customer")
        do("ResumeOrder", order_id=second)
        return [
            StoredEvent(
                r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
            )
            for r in ledger.history()
        ]


def findings(events: list[StoredEvent]) -> dict[str, str]:
    checker = LogChecker(codec.decode, len(events))
    checker.page(events)
    return {finding.kind: finding.expected for finding in checker.finish()}


def test_a_true_life_is_believed(life: list[StoredEvent]) -> None:
    assert findings(life) == {}


def changed(
    events: list[StoredEvent], kind: str, change: Callable[[dict[str, Any]], None]
) -> list[StoredEvent]:
    altered = list(events)
    at = next(n for n, event in enumerate(events) if event.type == kind)
    stored = json.loads(bytes(events[at].state))
    change(stored["data"])
    altered[at] = altered[at]._replace(state=json.dumps(stored).encode())
    return altered


def one_more(data: dict[str, Any]) -> None:
    data["quantity"] += 1


def holds_less(data: dict[str, Any]) -> None:
    data["held"][0]["quantity"] -= 1


def smaller_kit(data: dict[str, Any]) -> None:
    data["terms"]["lines"][0]["components"][0]["quantity"] = 1


@pytest.mark.parametrize(
    ("kind", "change", "part"),
    [
        ("stock.held.v1", one_more, "held"),
        ("stock.hold_released.v1", one_more, "held"),
        ("reservation.created.v1", holds_less, "held"),
        ("order.placed.v1", smaller_kit, "allocated"),
    ],
)
def test_what_differs_is_named(
    life: list[StoredEvent], kind: str, change: Callable[[dict[str, Any]], None], part: str
) -> None:
    named = findings(changed(life, kind, change))
    assert part in named["stock_differs_from_orders"]
