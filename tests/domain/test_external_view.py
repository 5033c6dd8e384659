"""What may go outside of an order; of a sensitive one, nothing that tells what it is."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from oms_ledger.domain.external_view import OutsideItem, outside_view
from oms_ledger.domain.fulfilment.events import ShipmentCreated, ShipmentLabelled
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced
from oms_ledger.domain.orders.lines import LineEdit, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Address
from oms_ledger.domain.personal import Personal
from oms_ledger.testing import replace
from tests.golden.literals import LITERALS

CONTENT = ("85123A", "Heart", "1001")


def order(*, sensitive: bool) -> Order:
    placed = LITERALS["order.placed.v1"]
    assert isinstance(placed, OrderPlaced)
    made = Order()
    made.apply(replace(placed, sensitive=sensitive))
    return made


def shipment(*, sensitive: bool, order_id: str = "o1") -> Shipment:
    created = LITERALS["shipment.created.v1"]
    assert isinstance(created, ShipmentCreated)
    made = Shipment()
    made.apply(replace(created, sensitive=sensitive, order_id=order_id))
    made.apply(ShipmentLabelled("s1", "TRK1"))
    return made


def texts(value: object) -> list[str]:
    if isinstance(value, (tuple, list)):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def test_an_ordinary_order_is_shown_with_its_lines() -> None:
    view = outside_view(order(sensitive=False))
    assert view.items == (OutsideItem("85123A", "Heart", 3),)
    assert (view.order_number, view.reference, view.sensitive) == ("WEB-000001", "1001", False)
    assert (view.total, view.currency, view.parcel) == (476, "GBP", None)


def test_an_edited_order_is_shown_as_it_was_agreed_last() -> None:
    made = order(sensitive=False)
    first, *_ = made.terms.lines
    bell, address = OrderLine("2", "85123B", 4, 255, title="Bell"), Address(city="Lyon")
    gone = LineEdit(first.of_quantity(0), first.quantity)
    edited = OrderEdited("o1", "e1", "GBP", 1240, 1515, 275, (bell,), (gone,))
    made.apply(replace(edited, shipping_address=address))
    view = outside_view(made)
    assert view.items == (OutsideItem("85123B", "Bell", 4),)
    assert (view.total, view.ship_to) == (1515, address)


def test_a_parcel_is_shown_with_the_lines_in_it() -> None:
    view = outside_view(order(sensitive=False), shipment(sensitive=False))
    assert view.items == (OutsideItem("85123A", "Heart", 2),)
    assert view.parcel is not None
    assert (view.parcel.tracking_number, view.parcel.status) == ("TRK1", "labelled")
    assert view.ship_to is not None
    assert view.ship_to.line1 == Personal("1 High St")


@pytest.mark.parametrize("parcel", [None, shipment(sensitive=True), shipment(sensitive=False)])
def test_of_a_sensitive_order_only_that_there_is_one(parcel: Shipment | None) -> None:
    view = outside_view(order(sensitive=True), parcel)
    assert view.sensitive
    assert view.items == ()
    values = texts(astuple(view))
    assert "WEB-000001" in values
    assert not [text for text in values if any(word in text for word in CONTENT)]


def test_the_mark_of_either_is_enough() -> None:
    view = outside_view(order(sensitive=False), shipment(sensitive=True))
    assert (view.sensitive, view.items) == (True, ())


def test_a_shipment_of_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="OrderPlaced"):
        outside_view(Order())
    with pytest.raises(ValueError, match="of order o2"):
        outside_view(order(sensitive=True), shipment(sensitive=True, order_id="o2"))
