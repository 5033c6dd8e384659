"""The timeline has words for everything that can happen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Literal, get_args, get_origin, get_type_hints

import pytest
from msgspec.structs import fields

from oms_ledger.domain.describe import describe
from oms_ledger.domain.fulfilment.events import ShipmentDispatched, ShipmentScanned
from oms_ledger.domain.orders.events import OrderCancelled, UnitsShipped
from oms_ledger.domain.orders.lines import Backorder, LineQuantity
from oms_ledger.domain.registry import EVENTS
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.kernel import Event, Record
from tests.projections.histories import placed


def example(kind: type[Record]) -> object:
    """Any instance: strings "x", numbers 1, and so on down to the fields of fields."""
    hints = get_type_hints(kind)
    given = {
        f.name: "GBP" if f.name == "currency" else _value(hints[f.name])
        for f in fields(kind)
        if f.required
    }
    return kind(**given)


def _value(hint: type) -> object:
    simple: dict[object, object] = {
        str: "x",
        int: 1,
        bool: True,
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    if hint in simple:
        return simple[hint]
    if get_origin(hint) is tuple:
        return (_value(get_args(hint)[0]),)
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if type(None) in get_args(hint):
        return None
    return example(hint)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_has_words(kind: type[Event]) -> None:
    if kind.type == "order.placed.v1":
        event: Event = placed()
    else:
        made = example(kind)
        assert isinstance(made, Event)
        event = made
    sentences = describe(event, {"x": "SKU"})
    assert sentences
    assert all(text and "None" not in text and "***" not in text for text in sentences)


def test_an_event_without_a_description_is_refused() -> None:
    class Unknown(Event, frozen=True):
        type: ClassVar[str] = "order.unheard_of.v1"
        category: ClassVar[str] = "order"

        @property
        def key(self) -> str:
            return "o1"

    with pytest.raises(TypeError, match="has no words yet"):
        describe(Unknown(), {})


def test_a_placed_order_is_described_with_its_total_and_promises() -> None:
    event = placed(backorders=(Backorder("1", "A", "MAN", 2),))
    assert describe(event, {}) == [
        "Order placed through web: 1 line, 20.25 GBP",
        "6 x A allocated at LON",
        "2 x A backordered at MAN",
    ]


def test_sentences_name_skus_not_line_numbers() -> None:
    some = (LineQuantity("1", 2), LineQuantity("2", 1))
    skus = {"1": "85123A", "2": "71053"}
    assert describe(UnitsShipped("o1", "s1", some), skus) == ["Shipped 2 x 85123A, 1 x 71053"]
    cancelled = OrderCancelled("o1", "customer", "changed mind", some[:1])
    assert describe(cancelled, skus) == ["Cancelled 2 x 85123A; reason: customer (changed mind)"]


def test_parcels_and_corrections() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert describe(ShipmentDispatched("s1", "o1", "TRK1", simulated=True), {}) == [
        "Shipment s1 handed to the carrier, tracking number TRK1 (simulated)"
    ]
    assert describe(ShipmentScanned("s1", "in_transit", at, "Hub"), {}) == [
        "Carrier's scan of shipment s1: in_transit at Hub"
    ]
    assert describe(StockAdjusted("A", "LON", -2, "damaged"), {}) == [
        "Stock corrected: -2 x A at LON; damaged"
    ]
