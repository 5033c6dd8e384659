"""Planning a transfer."""

from __future__ import annotations

from oms_commands.transfers.create import CreateTransfer
from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.transfers.events import TransferCreated, TransferLine
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import SHELF, place

PAST = (place("MAN", 2), *SHELF)


def transfer(**more: object) -> dict[str, object]:
    lines = [{"sku": "A", "quantity": 5}]
    return {"from_location": "LON", "to_location": "MAN", "lines": lines, **more}


def test_its_units_stay_where_they_are() -> None:
    decision = given(*PAST).when(CreateTransfer, **transfer(reference="van 1"))
    decision.then(
        TransferCreated(CONTEXT.command_id, "LON", "MAN", (TransferLine("A", 5),), None, "van 1")
    )
    assert decision.answer["status"] == "draft"


def test_a_kit_has_no_stock_to_move() -> None:
    kit = ProductDefined("K", "Kit", True, components=(Component("A", 2),))
    lines = [{"sku": "K", "quantity": 1}]
    refused = given(*PAST, kit).when(CreateTransfer, **transfer(lines=lines))
    refused.then_refused("is_kit", {"sku": "K"})


def test_what_cannot_be() -> None:
    given(*PAST).when(CreateTransfer, **transfer(to_location="LON")).then_invalid("to_location")
    given(*PAST).when(CreateTransfer, **transfer(to_location="OSL")).then_refused(
        "unknown_location"
    )
    given(*PAST).when(CreateTransfer, **transfer(from_location="OSL")).then_refused(
        "unknown_location"
    )
    given(*PAST).when(CreateTransfer, **transfer(lines=[{"sku": "N", "quantity": 1}])).then_refused(
        "unknown_sku"
    )
    given(*PAST).when(
        CreateTransfer, **transfer(lines=[{"sku": "A", "quantity": 1}] * 2)
    ).then_invalid("lines")
