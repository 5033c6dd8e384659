"""Faults of returns are named: what their orders count of them, and what was refunded."""

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

LINE = {"line_id": "1", "quantity": 2}


@pytest.fixture(scope="module")
def life() -> list[StoredEvent]:
    """The events of a paid order of which two units came back and were refunded."""
    with MemoryLedger() as ledger:

        def do(command: str, **fields: object) -> Any:
            return ledger.execute(COMMANDS[command](**fields)).answer

        do("PutLocation", code="LON", name="London")
        do("ReceiveStock", sku="A", location="LON", quantity=9)
        line = {"sku": "A", "quantity": 5, "unit_price": "1.00"}
        order = do("PlaceOrder", channel="web", currency="GBP", lines=[line], confirm=True)
        order_id = order["order_id"]
        paid = {"provider": "manual", "amount": "5.00", "capture": "automatic"}
        do("RequestPayment", order_id=order_id, **paid)
        parcel = do("CreateShipment", order_id=order_id, location="LON")
        do("DispatchShipment", shipment_id=parcel["shipment_id"])
        do("DeliverShipment", shipment_id=parcel["shipment_id"])
        return_id = do("RequestReturn", order_id=order_id, lines=[LINE], approve=True)["return_id"]
        came = {**LINE, "condition": "damaged", "location": "LON"}
        do("ReceiveReturn", return_id=return_id, lines=[came])
        do("RefundReturn", return_id=return_id)
        do("CloseReturn", return_id=return_id)
        return [
            StoredEvent(
                r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
            )
            for r in ledger.history()
        ]


def kinds(events: list[StoredEvent]) -> set[str]:
    checker = LogChecker(codec.decode, len(events))
    checker.page(events)
    return {finding.kind for finding in checker.finish()}


def test_a_true_life_is_believed(life: list[StoredEvent]) -> None:
    assert kinds(life) == set()


def more_refunded(data: dict[str, Any]) -> None:
    data["refunded"] += 100


def another_unit(data: dict[str, Any]) -> None:
    data["lines"][0]["quantity"] += 1


def more_granted(data: dict[str, Any]) -> None:
    data["goods"] += 100


@pytest.mark.parametrize(
    ("type_", "change", "kind"),
    [
        ("return.refunded.v1", more_refunded, "return_over_refunded"),
        ("return.refunded.v1", another_unit, "return_over_refunded"),
        ("return.refunded.v1", more_granted, "return_differs"),
        ("order.credit_granted.v1", more_granted, "return_differs"),
        ("return.received.v1", another_unit, "return_differs"),
        ("return.requested.v1", another_unit, "return_differs"),
        ("order.return_progressed.v1", another_unit, "return_differs"),
    ],
)
def test_what_does_not_add_up_is_named(
    life: list[StoredEvent], type_: str, change: Callable[[dict[str, Any]], None], kind: str
) -> None:
    own = [(n, json.loads(e.state)) for n, e in enumerate(life) if e.type == type_]
    at, stored = next(each for each in reversed(own) if each[1]["data"]["lines"])
    change(stored["data"])
    changed = life[at]._replace(state=json.dumps(stored).encode())
    assert kind in kinds([*life[:at], changed, *life[at + 1 :]])
