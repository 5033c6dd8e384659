"""What makes an order sensitive, and that nothing takes it away."""

from __future__ import annotations

import pytest

from oms_commands.catalogue.put_product import PutProduct
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.domain.orders.events import OrderHeld, OrderPlaced
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given, replace
from tests.commands.shop import SHELF, place, six, stock

KIT = ProductDefined("A", "Test kit", True, sensitive=True)
PHARMACY = (place(), KIT, stock(10))


def order(sku: str = "A", **more: object) -> PlaceOrder:
    line = {"sku": sku, "quantity": 1, "unit_price": "9.00"}
    return PlaceOrder(channel="web", currency="GBP", lines=(line,), **more)  # type: ignore[arg-type]  # fields of several types


def mark(decision: Decision) -> bool:
    (placed,) = [e for e in decision.events if isinstance(e, OrderPlaced)]
    assert decision.answer["sensitive"] is placed.sensitive
    return placed.sensitive


@pytest.mark.parametrize(
    ("past", "declared", "sensitive"),
    [
        (SHELF, False, False),
        (SHELF, True, True),
        (PHARMACY, False, True),
        (PHARMACY, True, True),
        ((*PHARMACY, replace(KIT, sensitive=False)), False, False),
        ((*SHELF, KIT), False, True),
    ],
)
def test_by_its_own_word_or_by_a_product_as_that_is_now(
    past: tuple[Event, ...], declared: bool, sensitive: bool
) -> None:
    assert mark(given(*past).when(order(sensitive=declared))) is sensitive


def test_one_line_is_enough() -> None:
    lines = [{"sku": sku, "quantity": 1, "unit_price": "9.00"} for sku in ("B", "A")]
    past = (*PHARMACY, ProductDefined("B", "Postage", False))
    decision = given(*past).when(PlaceOrder, channel="web", currency="GBP", lines=lines)
    assert mark(decision)


def earlier(sensitive: bool) -> tuple[Event, ...]:
    """What placing the order with the external id `x` left."""
    return tuple(given(*SHELF).when(order(external_id="x", sensitive=sensitive)).events)


def test_sent_again_without_a_word_of_it_it_stays() -> None:
    again = given(*SHELF, *earlier(sensitive=True)).when(order(external_id="x"))
    again.then()
    assert again.answer["sensitive"] is True
    assert again.answer["order_id"] == order_id_for("web", "x", CONTEXT.command_id)


def test_an_order_that_is_not_is_not_made_so_by_being_sent_again() -> None:
    """Otherwise its sender would take the order for a sensitive one."""
    again = given(*SHELF, *earlier(sensitive=False)).when(order(external_id="x", sensitive=True))
    again.then_refused("external_id_reused")


def test_a_product_that_changes_changes_no_order() -> None:
    past = (*SHELF, *earlier(sensitive=False), KIT)
    assert given(*past).when(order(external_id="x")).answer["sensitive"] is False


def test_the_mark_of_a_product_is_taken_away_by_word_alone() -> None:
    given(KIT).when(PutProduct, sku="A", title="Test kit").then()
    given(KIT).when(PutProduct, sku="A", title="Kit").then(replace(KIT, title="Kit"))
    given(KIT).when(PutProduct, sku="A", title="Test kit", sensitive=False).then(
        replace(KIT, sensitive=False)
    )
    given().when(PutProduct, sku="A", title="Test kit", sensitive=True).then(KIT)


def sensitive_six() -> tuple[Event, ...]:
    return tuple(replace(e, sensitive=True) if isinstance(e, OrderPlaced) else e for e in six())


def test_its_shipments_are_marked() -> None:
    made = given(*sensitive_six()).when(CreateShipment, order_id="o1", location="LON")
    (created,) = [e for e in made.events if isinstance(e, ShipmentCreated)]
    assert (created.sensitive, made.answer["sensitive"]) == (True, True)


def test_why_it_is_held_is_not_repeated() -> None:
    """A refusal needs no scope to be read, and a reason is free text."""
    held = OrderHeld("o1", "h1", "waits for the prescription")
    ship = CreateShipment(order_id="o1", location="LON")
    detail = given(*sensitive_six(), held).when(ship).then_refused("ship_blocked").detail
    assert "prescription" not in detail
    assert "on hold" in detail
    detail = given(*six(), held).when(ship).then_refused("ship_blocked").detail
    assert "prescription" in detail
