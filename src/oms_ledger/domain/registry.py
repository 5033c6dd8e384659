"""Everything that can happen, by stored name, and every kind of stream."""

from __future__ import annotations

from oms_ledger.domain.catalogue.channel import Channel, OrderNumbered
from oms_ledger.domain.catalogue.location import Location, LocationDefined
from oms_ledger.domain.catalogue.product import Product, ProductDefined
from oms_ledger.domain.customers.customer import CUSTOMER_EVENTS, CustomerRecord
from oms_ledger.domain.customers.retention import Retention, RetentionSet
from oms_ledger.domain.fulfilment.shipment import SHIPMENT_EVENTS, Shipment
from oms_ledger.domain.orders.order import ORDER_EVENTS, Order
from oms_ledger.domain.stock.stock import STOCK_EVENTS, StockLevel
from oms_ledger.kernel import Event, State

EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        *ORDER_EVENTS,
        *STOCK_EVENTS,
        *SHIPMENT_EVENTS,
        LocationDefined,
        ProductDefined,
        OrderNumbered,
        *CUSTOMER_EVENTS,
        RetentionSet,
    )
}

STATES: dict[str, type[State]] = {
    state.category: state
    for state in (
        Order,
        StockLevel,
        Shipment,
        Location,
        Product,
        Channel,
        CustomerRecord,
        Retention,
    )
}
