"""Reserving stock: all of it or none, and nobody else gets it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_commands.reservations.create import CreateReservation
from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.reservations.events import HeldUnits, ReservationCreated, ReservationLine
from oms_ledger.domain.stock.events import StockHeld
from oms_ledger.testing import CONTEXT, given
from tests.commands.reservations.past import NOW, held
from tests.commands.shop import SHELF, goods, line, ordered, place, service, stock

OWN = CONTEXT.command_id
KIT = ProductDefined("K", "Kit", True, components=(Component("A", 2), Component("B", 1)))


def wanted(*lines: tuple[str, int] | tuple[str, int, str], **more: object) -> dict[str, object]:
    names = ("sku", "quantity", "location")
    return {
        "lines": [dict(zip(names, each, strict=False)) for each in lines],
        "expires_in_s": 600,
        **more,
    }


def test_units_are_held_where_an_order_would_get_them() -> None:
    past = (*SHELF, place("MAN", 2), stock(5, location="MAN"))
    decision = given(*past).when(CreateReservation, **wanted(("A", 12), reference="b1"))
    until = NOW + timedelta(seconds=600)
    units = (HeldUnits("A", "LON", 10), HeldUnits("A", "MAN", 2))
    decision.then(
        ReservationCreated(OWN, (ReservationLine("A", 12),), units, until, "b1"),
        StockHeld("A", "LON", 10, OWN),
        StockHeld("A", "MAN", 2, OWN),
    )
    assert decision.answer == {
        "reservation_id": OWN,
        "version": 1,
        "status": "active",
        "sensitive": False,
        "expires_at": "2026-01-31T00:10:00Z",
        "channel": None,
        "reference": "b1",
        "order_id": None,
        "lines": [{"sku": "A", "quantity": 12, "location": None}],
        "held": [
            {"sku": "A", "location": "LON", "quantity": 10},
            {"sku": "A", "location": "MAN", "quantity": 2},
        ],
    }


def test_a_location_may_be_named_and_has_precedence() -> None:
    past = (*SHELF, place("MAN", 2), stock(5, location="MAN"))
    lines = (("A", 10), ("A", 5, "LON"))
    decision = given(*past).when(CreateReservation, **wanted(*lines))
    assert decision.events[1:] == (
        StockHeld("A", "LON", 10, OWN),
        StockHeld("A", "MAN", 5, OWN),
    )
    given(*past).when(CreateReservation, **wanted(("A", 6, "MAN"))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 6, "available": 5}
    )
    given(*past).when(CreateReservation, **wanted(("A", 1, "BER"))).then_refused("unknown_location")


def test_all_or_nothing_and_every_line_at_fault_is_named() -> None:
    past = (*SHELF, goods("B"), service())
    lines = (("A", 7), ("A", 4), ("B", 1))
    given(*past).when(CreateReservation, **wanted(*lines)).then_refused(
        "insufficient_stock",
        {"line": "2", "sku": "A", "requested": 4, "available": 3},
        {"line": "3", "sku": "B", "requested": 1, "available": 0},
    )
    given(*past).when(CreateReservation, **wanted(("X", 1))).then_refused("unknown_sku")
    given(*past).when(CreateReservation, **wanted(("POST", 1))).then_refused("not_stocked")


def test_what_is_held_is_not_available_to_others() -> None:
    past = held()
    given(*past).when(CreateReservation, **wanted(("A", 7))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 7, "available": 6}
    )
    order = {"channel": "web", "currency": "GBP"}
    seven = [{"sku": "A", "quantity": 7, "unit_price": "1"}]
    given(*past).when(PlaceOrder, **order, lines=seven).then_refused("insufficient_stock")


def test_neither_safety_stock_nor_what_orders_wait_for_is_held() -> None:
    past = (place(), goods(safety_stock=3), stock(10))
    given(*past).when(CreateReservation, **wanted(("A", 8))).then_refused("insufficient_stock")
    waiting = ordered(line(4), short=(Backorder("1", "A", "LON", 4),))
    given(*SHELF, *waiting).when(CreateReservation, **wanted(("A", 7))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 7, "available": 6}
    )


def test_a_channel_reserves_what_it_sells() -> None:
    past = (*SHELF, place("MAN", 2), ChannelDefined("web", locations=("MAN",)))
    given(*past).when(CreateReservation, **wanted(("A", 1), channel="Web")).then_refused(
        "insufficient_stock"
    )
    decision = given(*past, stock(1, location="MAN")).when(
        CreateReservation, **wanted(("A", 1), channel="Web")
    )
    assert decision.events[1:] == (StockHeld("A", "MAN", 1, OWN),)


def test_of_a_kit_the_components_are_held() -> None:
    past = (*SHELF, goods("B"), stock(3, "B"), KIT)
    decision = given(*past).when(CreateReservation, **wanted(("K", 3), ("A", 4)))
    assert decision.events[1:] == (StockHeld("A", "LON", 10, OWN), StockHeld("B", "LON", 3, OWN))
    given(*past).when(CreateReservation, **wanted(("K", 3), ("A", 5))).then_refused(
        "insufficient_stock"
    )


def test_a_sensitive_product_makes_it_sensitive() -> None:
    pill = ProductDefined("A", "Pill", True, sensitive=True)
    decision = given(place(), pill, stock(1)).when(CreateReservation, **wanted(("A", 1)))
    assert decision.answer["sensitive"] is True


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expires_in_s": 0}, "expires_in_s"),
        ({"expires_in_s": 31 * 24 * 3600 + 1}, "expires_in_s"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "A", "quantity": 0}]}, "lines.0.quantity"),
    ],
)
def test_what_cannot_be_names_its_field(fields: dict[str, object], field: str) -> None:
    given(*SHELF).when(CreateReservation, **{**wanted(("A", 1)), **fields}).then_invalid(field)
