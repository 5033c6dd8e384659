"""Making shipments."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_ledger.domain.fulfilment.events import Package, ShipmentCreated, ShipmentLine
from oms_ledger.domain.orders.events import (
    HoldReleased,
    OrderCancelled,
    OrderEdited,
    OrderHeld,
    OrderPlaced,
    UnitsPacked,
)
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.orders.terms import Address, Customer, ShippingCharge
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.shop import (
    AT,
    SHELF,
    SHIP_BY,
    UNDER_WAY,
    created,
    goods,
    line,
    ordered,
    packed,
    place,
    quantities,
    service,
    six,
    stock,
)

OWN = CONTEXT.command_id
ALL = CreateShipment(order_id="o1", location="LON")


def some(*lines: tuple[str, int]) -> dict[str, object]:
    wanted = [{"line_id": line_id, "quantity": units} for line_id, units in lines]
    return {"order_id": "o1", "location": "LON", "lines": wanted}


def test_everything_allocated_at_the_location_is_packed() -> None:
    decision = given(*six()).when(ALL)
    decision.then(
        UnitsPacked("o1", OWN, "LON", quantities(6)),
        created(OWN, ShipmentLine("1", "A", 6)),
    )
    assert (decision.answer["status"], decision.answer["tracking_token"]) == (
        "created",
        CONTEXT.token,
    )


def test_an_edited_order_goes_to_its_new_address_by_its_new_dates() -> None:
    address = Address(Personal("Ada L."), Personal("2 St"), city="Lyon", country="FR")
    edited = OrderEdited(
        "o1",
        "e1",
        "GBP",
        2025,
        2525,
        500,
        shipping_address=address,
        shipping=ShippingCharge("express", 995),
        ship_by=AT,
        deliver_by=SHIP_BY,
    )
    event = given(*six(), edited).when(ALL).events[1]
    assert isinstance(event, ShipmentCreated)
    assert (event.city, event.country, event.service) == ("Lyon", "FR", "express")
    assert (event.ship_by, event.deliver_by) == (AT, SHIP_BY)


def test_a_part_can_be_shipped_and_then_another() -> None:
    first = given(*six()).when(CreateShipment, **some(("1", 2)))
    first.then(
        UnitsPacked("o1", OWN, "LON", quantities(2)), created(OWN, ShipmentLine("1", "A", 2))
    )
    given(*six(), *packed(2)).when(ALL).then(
        UnitsPacked("o1", OWN, "LON", quantities(4)), created(OWN, ShipmentLine("1", "A", 4))
    )


def test_never_more_than_is_allocated_there() -> None:
    given(*six(), *packed(2)).when(CreateShipment, **some(("1", 5), ("9", 1))).then_refused(
        "nothing_to_ship",
        {"line": "1", "sku": "A", "requested": 5, "available": 4},
        {"line": "9", "sku": None, "requested": 1, "available": 0},
    )
    given(*six()).when(CreateShipment, **some(("1", 4), ("1", 3))).then_refused(
        "nothing_to_ship", {"line": "1", "sku": "A", "requested": 7, "available": 6}
    )


def test_a_split_order_ships_from_each_location_what_is_there() -> None:
    got = (Allocation("1", "A", "LON", 2), Allocation("1", "A", "MAN", 3))
    past = (place(), place("MAN", 2), goods(), stock(2), stock(3, location="MAN"))
    decision = given(*past, *ordered(line(5), got=got)).when(
        CreateShipment(order_id="o1", location="MAN")
    )
    assert decision.events[0] == UnitsPacked("o1", OWN, "MAN", quantities(3))


def test_services_are_not_packed() -> None:
    postage = line(1, "2", "POST", stocked=False)
    got = (Allocation("1", "A", "LON", 6),)
    past = (*SHELF, service(), *ordered(line(6), postage, got=got))
    assert given(*past).when(ALL).events[0] == UnitsPacked("o1", OWN, "LON", quantities(6))
    given(*past).when(CreateShipment, **some(("2", 1))).then_refused(
        "nothing_to_ship", {"line": "2", "sku": "POST", "requested": 1, "available": 0}
    )


def test_packages_and_service_are_kept() -> None:
    decision = given(*six()).when(
        CreateShipment,
        order_id="o1",
        location="LON",
        service="express",
        packages=[{"weight_g": 900, "length_mm": 300}],
    )
    shipment = decision.events[1]
    assert isinstance(shipment, ShipmentCreated)
    assert (shipment.service, shipment.packages) == ("express", (Package(900, 300),))


def test_without_a_name_at_the_address_the_customer_is_the_recipient() -> None:
    changed = [
        replace(
            e,
            terms=replace(
                e.terms,
                customer=Customer("c1", Personal("Bo")),
                shipping=None,
                shipping_address=None,
            ),
        )
        if isinstance(e, OrderPlaced)
        else e
        for e in six()
    ]
    shipment = given(*changed).when(ALL).events[1]
    assert isinstance(shipment, ShipmentCreated)
    assert shipment.recipient == Personal("Bo")
    assert (shipment.city, shipment.service) == (None, None)


def test_nothing_is_allocated_at_that_location() -> None:
    elsewhere = CreateShipment(order_id="o1", location="MAN")
    given(*six(), place("MAN", 2)).when(elsewhere).then_refused("nothing_to_ship")
    given(*six()).when(elsewhere).then_refused("unknown_location", {"location": "MAN"})


def test_a_pending_order_must_be_confirmed_first() -> None:
    refused = given(*six(confirmed=False)).when(ALL).then_refused("illegal_transition")
    assert "is pending; it cannot be shipped. Confirm it first" in refused.detail


@pytest.mark.parametrize(
    ("past", "status"),
    [
        (UNDER_WAY, "fulfilled"),
        ((*six(), OrderCancelled("o1", "staff", None, quantities(6))), "cancelled"),
    ],
)
def test_an_order_without_open_units(past: tuple[Event, ...], status: str) -> None:
    refused = given(*past).when(ALL).then_refused("illegal_transition")
    assert f"The order is {status}" in refused.detail


def test_a_hold_blocks_it_until_the_last_one_is_released() -> None:
    held = (*six(), OrderHeld("o1", "h1", "fraud"), OrderHeld("o1", "h2", "payment"))
    refused = given(*held).when(ALL).then_refused("ship_blocked")
    assert "on hold (fraud, payment)" in refused.detail
    half = (*held, HoldReleased("o1", "h1"))
    given(*half).when(ALL).then_refused("ship_blocked")
    assert given(*half, HoldReleased("o1", "h2")).when(ALL).events


def test_a_carrier_that_is_not_connected() -> None:
    command = CreateShipment(order_id="o1", location="LON", carrier="pigeon")
    refused = given(*six()).when(command).then_refused("unknown_carrier")
    assert "Use one of: manual" in refused.detail


def test_an_order_that_is_not_there() -> None:
    given().when(ALL).then_refused("not_found")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"order_id": "o1", "location": ""}, "location"),
        ({"order_id": "o1", "location": "LON", "lines": []}, "lines"),
        (some(("1", 0)), "lines.0.quantity"),
        (
            {"order_id": "o1", "location": "LON", "packages": [{"weight_g": -1}]},
            "packages.0.weight_g",
        ),
    ],
)
def test_what_cannot_be_names_its_field(fields: dict[str, object], wrong: str) -> None:
    given(*six()).when(CreateShipment, **fields).then_invalid(wrong)


def test_a_held_line_blocks_shipments_that_have_it() -> None:
    two = ordered(
        line(2),
        line(1, "2", "B"),
        got=(Allocation("1", "A", "LON", 2), Allocation("2", "B", "LON", 1)),
    )
    held = (*SHELF, goods("B"), stock(5, "B"), *two, OrderHeld("o1", "h1", "odd", None, ("2",)))
    given(*held).when(ALL).then_refused(
        "ship_blocked", {"block": "hold", "hold_id": "h1", "reason": "odd", "lines": ["2"]}
    )
    first = CreateShipment(
        order_id="o1",
        location="LON",
        lines=({"line_id": "1", "quantity": 2},),  # type: ignore[arg-type]  # as JSON
    )
    assert given(*held).when(first).events


def test_packing_in_spite_of_a_hold_is_on_record() -> None:
    held = given(*six(), OrderHeld("o1", "h1", "fraud"))
    body = {"order_id": "o1", "location": "LON", "force": True}
    held.when(CreateShipment, **body).then_invalid("reason")
    created = held.when(CreateShipment, **body, reason="known buyer").events[1]
    assert isinstance(created, ShipmentCreated)
    assert (created.force, created.overridden) == ("known buyer", ("hold:h1",))
