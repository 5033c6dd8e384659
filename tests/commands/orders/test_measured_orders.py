"""Orders of goods by weight: each quantity of a request is in their unit, or named and refused."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_commands.returns.request import RequestReturn
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.orders.events import OrderCancelled, OrderEdited, OrderRejected
from oms_ledger.domain.orders.lines import Allocation, LineQuantity, OrderLine
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.orders.edits import edit
from tests.commands.orders.test_place import order
from tests.commands.shop import ordered, place, stock

KG = UnitOfMeasure("kg", 3)
CHEESE = ProductDefined("CHEESE", "Comte", True, unit=KG)
SHELF: tuple[Event, ...] = (place(), CHEESE, stock(9000, "CHEESE"))
ORDERED = (
    *SHELF,
    *ordered(
        OrderLine("1", "CHEESE", 250, 1990, unit=KG),
        got=(Allocation("1", "CHEESE", "LON", 250),),
    ),
)


def cheese(quantity: object, **more: object) -> dict[str, object]:
    return {"sku": "CHEESE", "quantity": quantity, "unit_price": "2.55", **more}


def test_a_price_is_that_of_a_whole_unit() -> None:
    decision = given(*SHELF).when(order(cheese("0.333", unit_price="19.90", tax="0.10")))
    assert (decision.answer["total"], decision.refusal) == ("6.73", None)


def test_a_discount_is_at_most_what_the_line_costs() -> None:
    """0.001 kg at 4.99 cost nothing; two such lines neither, though together they nearly do."""
    grams = cheese("0.001", unit_price="4.99")
    for fields in ({"discount": "0.01"}, {}):
        more = {} if fields else {"discount": "0.01"}
        with pytest.raises(ValueError, match=r"discount: 0\.01 is more than"):
            order({**grams, **fields}, grams, **more)
    dear = cheese("0.001", unit_price="5.00")
    assert given(*SHELF).when(order({**dear, "discount": "0.01"})).answer["total"] == "0.00"


def test_some_is_cancelled_and_the_line_changed() -> None:
    fewer = {"line_id": "1", "quantity": "0.1"}
    cancelled = given(*ORDERED).when(CancelOrder, order_id="o1", reason="customer", lines=[fewer])
    event = cancelled.events[0]
    assert isinstance(event, OrderCancelled)
    assert event.lines == (LineQuantity("1", 100),)
    assert cancelled.answer["cancelled_total"] == "1.99"
    more = {"type": "set_quantity", "line_id": "1", "quantity": "0.5"}
    edited = given(*ORDERED).when(EditOrder, **edit(more)).events[0]
    assert isinstance(edited, OrderEdited)
    assert (edited.changed[0].line.quantity, edited.difference) == (500, 497)


@pytest.mark.parametrize("quantity", [2, "0.0001"])
def test_each_door_names_the_quantity_that_is_not_in_the_unit(quantity: object) -> None:
    units = [{"line_id": "1", "quantity": quantity}]
    added = {"type": "add_line", "line": cheese(quantity)}
    change = {"type": "set_quantity", "line_id": "1", "quantity": quantity}
    doors = (
        (given(*SHELF).when(order(cheese(quantity))), "lines.0.quantity"),
        (given(*ORDERED).when(EditOrder, **edit(change, added)), "changes.1.line.quantity"),
        (given(*ORDERED).when(EditOrder, **edit(change)), "changes.0.quantity"),
        (
            given(*ORDERED).when(CancelOrder, order_id="o1", reason="customer", lines=units),
            "lines.0.quantity",
        ),
        (
            given(*ORDERED).when(CreateShipment, order_id="o1", location="LON", lines=units),
            "lines.0.quantity",
        ),
        (given(*ORDERED).when(RequestReturn, order_id="o1", lines=units), "lines.0.quantity"),
    )
    for decision, field in doors:
        assert [each["field"] for each in decision.then_refused("invalid_fields").errors] == [field]


def test_a_line_that_is_not_there_is_refused_as_ever() -> None:
    units = [{"line_id": "9", "quantity": "0.100"}]
    given(*ORDERED).when(CancelOrder, order_id="o1", reason="customer", lines=units).then_refused(
        "illegal_transition",
        {"line": "9", "sku": None, "requested": 1, "available": 0},
    )


def test_an_order_that_waited_while_its_product_got_a_unit_is_rejected() -> None:
    """Three of CHEESE may have been three pieces, and are not taken for three grams."""
    past = given(place()).when(order(cheese(3), intake="queued")).events
    now = given(place(), *past, CHEESE, stock(9000, "CHEESE"))
    decision = now.when(PlaceReceivedOrder, order_id=CONTEXT.command_id)
    (rejected,) = decision.events
    assert isinstance(rejected, OrderRejected)
    assert (rejected.code, rejected.lines) == ("another_unit", (LineQuantity("1", 3),))
