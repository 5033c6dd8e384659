"""Announcing a delivery."""

from __future__ import annotations

from oms_commands.inbound.create import CreateInbound
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.inbound.events import InboundCreated, InboundLine
from oms_ledger.domain.stock.events import IncomingStockAdded
from oms_ledger.testing import CONTEXT, given
from tests.commands.inbound.past import DUE
from tests.commands.shop import SHELF

ID = CONTEXT.command_id


def delivery(*lines: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "location": "LON",
        "expected_at": DUE,
        "lines": lines or [{"sku": "A", "quantity": 9}],
        **more,
    }


def test_its_units_are_incoming_and_not_on_hand() -> None:
    decision = given(*SHELF).when(CreateInbound, **delivery(supplier="Lamps Ltd", reference="PO-8"))
    decision.then(
        InboundCreated(ID, "LON", DUE, (InboundLine("A", 9),), "Lamps Ltd", "PO-8"),
        IncomingStockAdded("A", "LON", 9, ID, DUE),
    )
    assert decision.answer["status"] == "expected"
    assert decision.answer["inbound_id"] == ID


def test_a_cost_is_kept_in_minor_units() -> None:
    line = {"sku": "A", "quantity": 9, "unit_cost": "1.20", "currency": "GBP"}
    (created, _) = given(*SHELF).when(CreateInbound, **delivery(line)).events
    assert isinstance(created, InboundCreated)
    assert created.lines == (InboundLine("A", 9, 120, "GBP"),)
    given(*SHELF).when(
        CreateInbound, **delivery({"sku": "A", "quantity": 9, "unit_cost": "1"})
    ).then_refused("invalid_fields")


def test_an_undefined_product_is_defined_under_its_sku() -> None:
    events = given(*SHELF).when(CreateInbound, **delivery({"sku": "N", "quantity": 1})).events
    assert ProductDefined("N", "N", True) in events


def test_what_cannot_be() -> None:
    given().when(CreateInbound, **delivery()).then_refused("unknown_location")
    twice = [{"sku": "A", "quantity": 1}] * 2
    given(*SHELF).when(CreateInbound, **delivery(*twice)).then_invalid("lines")
    given(*SHELF).when(CreateInbound, **delivery(lines=[])).then_invalid("lines")
