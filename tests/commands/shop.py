"""Pasts that commands are tried against: facts about a small shop, made short to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined, Site
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentLine,
)
from oms_ledger.domain.orders.events import (
    OrderConfirmed,
    OrderPlaced,
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity, OrderLine
from oms_ledger.domain.orders.terms import Address, Customer, OrderTerms, ShippingCharge
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.stock.events import (
    StockAllocated,
    StockBackordered,
    StockReceived,
    StockShipped,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)
SHIP_BY, DELIVER_BY = AT + timedelta(hours=48), AT + timedelta(days=7)


def place(code: str = "LON", priority: int = 1) -> LocationDefined:
    return LocationDefined(code, code, "warehouse", Site(), priority, None)


def goods(sku: str = "A", safety_stock: int = 0, backorder_limit: int | None = None) -> Event:
    return ProductDefined(
        sku, sku, True, safety_stock=safety_stock, backorder_limit=backorder_limit
    )


def service(sku: str = "POST") -> ProductDefined:
    return ProductDefined(sku, sku, False)


def stock(units: int, sku: str = "A", location: str = "LON") -> StockReceived:
    return StockReceived(sku, location, units)


SHELF: tuple[Event, ...] = (place(), goods(), stock(10))
"""One location with ten units of one product."""


def line(units: int, line_id: str = "1", sku: str = "A", stocked: bool = True) -> OrderLine:
    return OrderLine(line_id, sku, units, 255, stocked=stocked)


def ordered(
    *lines: OrderLine,
    got: tuple[Allocation, ...] = (),
    short: tuple[Backorder, ...] = (),
    order_id: str = "o1",
    confirmed: bool = True,
) -> tuple[Event, ...]:
    """An order, the stock that it took, and, unless `confirmed` is false, its confirmation."""
    terms = OrderTerms(
        "web",
        "GBP",
        lines,
        customer=Customer("c1", Personal("Ada")),
        shipping_address=Address(Personal("Ada L."), Personal("1 St"), city="Leeds", country="GB"),
        shipping=ShippingCharge("standard", 495),
    )
    order = OrderPlaced(order_id, "WEB-000001", terms, AT, SHIP_BY, DELIVER_BY, got, short)
    return (
        order,
        *(StockAllocated(a.sku, a.location, a.quantity, order_id, a.line_id) for a in got),
        *(StockBackordered(b.sku, b.location, b.quantity, order_id, b.line_id) for b in short),
        *((OrderConfirmed(order_id),) if confirmed else ()),
    )


def six(confirmed: bool = True) -> tuple[Event, ...]:
    """An order `o1` of six units of the ten on the shelf."""
    got = (Allocation("1", "A", "LON", 6),)
    return (*SHELF, *ordered(line(6), got=got, confirmed=confirmed))


def packed(
    units: int = 6, shipment_id: str = "s1", sku: str = "A", line_id: str = "1"
) -> tuple[Event, ...]:
    """Units of a line of order `o1` went into a shipment."""
    return (
        UnitsPacked("o1", shipment_id, "LON", quantities(units, line_id)),
        created(shipment_id, ShipmentLine(line_id, sku, units)),
    )


def created(shipment_id: str, *lines: ShipmentLine) -> ShipmentCreated:
    """As `CreateShipment` makes it of order `o1`."""
    return ShipmentCreated(
        shipment_id,
        "o1",
        "WEB-000001",
        "web",
        "LON",
        "manual",
        "standard",
        lines,
        (),
        CONTEXT.token,
        AT,
        SHIP_BY,
        DELIVER_BY,
        Personal("Ada L."),
        "Leeds",
        "GB",
    )


def dispatched(units: int = 6, shipment_id: str = "s1") -> tuple[Event, ...]:
    """That shipment left."""
    return (
        ShipmentDispatched(shipment_id, "o1", None),
        UnitsShipped("o1", shipment_id, quantities(units)),
        StockShipped("A", "LON", units, "o1", "1", shipment_id),
    )


def delivered(units: int = 6, shipment_id: str = "s1") -> tuple[Event, ...]:
    return (
        ShipmentDelivered(shipment_id, "o1", AT),
        UnitsDelivered("o1", shipment_id, quantities(units)),
    )


def quantities(units: int, line_id: str = "1") -> tuple[LineQuantity, ...]:
    return (LineQuantity(line_id, units),)


UNDER_WAY: tuple[Event, ...] = (*six(), *packed(), *dispatched())
"""All six units on their way in shipment `s1`."""
