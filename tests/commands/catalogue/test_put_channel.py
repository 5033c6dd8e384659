"""Settings of channels, and which stock their orders get."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.catalogue.put_channel import PutChannel
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.orders.events import BackordersAllocated, OrderPlaced
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import SHELF, line, ordered, place, stock

TWO_PLACES: tuple[Event, ...] = (*SHELF, place("MAN", 2), stock(4, location="MAN"))
MAN_ONLY = ChannelDefined("web", locations=("MAN",))


def order(quantity: int, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "A", "quantity": quantity, "unit_price": "2.55"}]
    return {"channel": "Web", "currency": "GBP", "lines": lines, **more}


def test_settings_are_kept_once_whatever_the_case_of_the_channel() -> None:
    body = {"locations": ["LON", "LON"], "capture_on": "dispatch", "ship_unpaid": False}
    decision = given(*SHELF).when(PutChannel, channel="Web", name="Web shop", **body)
    decision.then(ChannelDefined("web", "Web shop", ("LON",), "dispatch", False))
    assert decision.answer["capture_on"] == "dispatch"
    again = given(*SHELF, *decision.events)
    again.when(PutChannel, channel="WEB", name="Web shop", **body).then()


def test_what_is_left_out_is_as_without_settings() -> None:
    past = given(ChannelDefined("web", "Web shop", (), "dispatch", False))
    past.when(PutChannel, channel="web").then(ChannelDefined("web"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capture_on", "tomorrow"),
        ("ship_unpaid", "maybe"),
        ("name", ""),
        ("channel", "two words"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    body: dict[str, Any] = {"channel": "web", field: value}
    given().when(PutChannel, **body).then_invalid(field)


def test_a_location_that_is_not_there() -> None:
    given(*SHELF).when(PutChannel, channel="web", locations=["LON", "OSL"]).then_refused(
        "unknown_location", {"location": "OSL"}
    )


def test_orders_get_stock_of_their_channels_locations_alone() -> None:
    past = given(*TWO_PLACES, MAN_ONLY)
    placed = past.when(PlaceOrder, **order(3)).events[1]
    assert isinstance(placed, OrderPlaced)
    assert placed.allocations == (Allocation("1", "A", "MAN", 3),)
    past.when(PlaceOrder, **order(5)).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 5, "available": 4}
    )


def test_what_is_short_is_backordered_at_a_location_of_the_channel() -> None:
    decision = given(*TWO_PLACES, MAN_ONLY).when(PlaceOrder, **order(6, backorder="allow"))
    placed = decision.events[1]
    assert isinstance(placed, OrderPlaced)
    assert placed.backorders == (Backorder("1", "A", "MAN", 2),)
    assert placed.allocations == (Allocation("1", "A", "MAN", 4),)


def test_backorders_get_stock_of_their_channels_locations_alone() -> None:
    waiting = ordered(line(2), short=(Backorder("1", "A", "MAN", 2),))
    past = (*SHELF, place("MAN", 2), *waiting, MAN_ONLY)
    command = AllocateBackorders(order_id="o1")
    given(*past).when(command).then_refused("insufficient_stock")
    events = given(*past, stock(1, location="MAN")).when(command).events
    assert events[0] == BackordersAllocated(
        "o1", (Allocation("1", "A", "MAN", 1),), (Backorder("1", "A", "MAN", 1),)
    )
