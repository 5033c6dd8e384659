"""Faults of stock are named: of its states and lots, of what is expected, and of transfers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger

DUE = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def life() -> list[StoredEvent]:
    """A delivery with a lot, a transfer, a count, damaged units, a recall and a sale."""
    with MemoryLedger() as ledger:

        def do(command: str, /, **fields: object) -> Any:
            return ledger.execute(COMMANDS[command](**fields)).answer

        for code in ("LON", "MAN"):
            do("PutLocation", code=code, name=code)
        lines: list[dict[str, object]] = [{"sku": "A", "quantity": 20}]
        inbound_id = do("CreateInbound", location="LON", expected_at=DUE, lines=lines)["inbound_id"]
        lines = [{"sku": "A", "quantity": 9, "lot": "L1", "damaged": 1}]
        do("ReceiveInbound", inbound_id=inbound_id, lines=lines)
        do("ReceiveStock", sku="A", location="LON", quantity=10)
        lines = [{"sku": "A", "quantity": 8}]
        way = {"from_location": "LON", "to_location": "MAN"}
        transfer_id = do("CreateTransfer", **way, lines=lines)["transfer_id"]
        do("ShipTransfer", transfer_id=transfer_id)
        lines = [{"sku": "A", "quantity": 7}]
        do("ReceiveTransfer", transfer_id=transfer_id, lines=lines, close=True)
        do("PutLot", sku="A", lot="L1", status="recalled")
        line = {"sku": "A", "quantity": 5, "unit_price": "1.00"}
        order = do("PlaceOrder", channel="web", currency="GBP", lines=[line], confirm=True)
        parcel = do("CreateShipment", order_id=order["order_id"], location="LON")
        do("DispatchShipment", shipment_id=parcel["shipment_id"])
        do("CloseInbound", inbound_id=inbound_id)
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


def one_more(data: dict[str, Any]) -> None:
    data["quantity"] += 1


def all_of_it(data: dict[str, Any]) -> None:
    data["quantity"] = 20


def one_line_more(data: dict[str, Any]) -> None:
    data["lines"][0]["quantity"] += 1


def fewer_expected(data: dict[str, Any]) -> None:
    data["lines"][0]["expected"] -= 1


def another_lot_change(data: dict[str, Any]) -> None:
    data["lots"][0]["change"] += 1


def blocked_lot(data: dict[str, Any]) -> None:
    data["lots"][0]["status"] = "on_hold"


@pytest.mark.parametrize(
    ("type_", "change", "kind"),
    [
        ("inbound.created.v1", one_line_more, "incoming_differs"),
        ("inbound.received.v1", fewer_expected, "incoming_differs"),
        ("stock.incoming_added.v1", one_more, "incoming_differs"),
        ("stock.incoming_removed.v1", one_more, "incoming_differs"),
        ("transfer.shipped.v1", one_line_more, "transfer_differs"),
        ("transfer.received.v1", one_line_more, "transfer_differs"),
        ("stock.moved_out.v1", one_more, "transfer_differs"),
        ("stock.moved_in.v1", one_more, "transfer_differs"),
        ("stock.state_changed.v1", all_of_it, "oversold"),
        ("stock.lot_status_changed.v1", one_more, "stock_does_not_add_up"),
        ("stock.lots_changed.v1", another_lot_change, "stock_does_not_add_up"),
        ("stock.lots_changed.v1", blocked_lot, "stock_does_not_add_up"),
        ("stock.allocated.v1", all_of_it, "oversold"),
    ],
)
def test_a_changed_number_is_noticed(
    life: list[StoredEvent], type_: str, change: Callable[[dict[str, Any]], None], kind: str
) -> None:
    changed = list(life)
    place = next(n for n, event in enumerate(life) if event.type == type_)
    event = changed[place]
    document = json.loads(event.state)
    change(document["data"])
    changed[place] = StoredEvent(
        event.position, event.stream, event.version, event.type, json.dumps(document).encode()
    )
    assert kind in kinds(changed)


def test_units_of_a_recalled_lot_that_were_sold_are_noticed(life: list[StoredEvent]) -> None:
    """Of the nine units that are left three are sellable; five were allocated before the recall in
    the true life, and here after it."""
    changed = list(life)
    place = next(n for n, event in enumerate(life) if event.type == "stock.lots_changed.v1")
    document = json.loads(changed[place].state)
    assert document["data"]["lots"][0]["change"] == 9
    recall = next(n for n, event in enumerate(life) if event.type == "stock.lot_status_changed.v1")
    document = json.loads(changed[recall].state)
    document["data"]["quantity"] = 9
    changed[recall] = StoredEvent(
        life[recall].position,
        life[recall].stream,
        life[recall].version,
        life[recall].type,
        json.dumps(document).encode(),
    )
    assert "stock_does_not_add_up" in kinds(changed)
