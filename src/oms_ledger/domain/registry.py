"""Everything that can happen, by stored name, and every kind of stream."""

from __future__ import annotations

from oms_ledger.domain.cases.events import CASE_EVENTS
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.catalogue.events import (
    LocationDefined,
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
    ProductDefined,
)
from oms_ledger.domain.catalogue.state import Channel, Location, OrderNumber, Product
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.connections.events import CONNECTION_EVENTS
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.counts.events import COUNT_EVENTS
from oms_ledger.domain.counts.state import Count
from oms_ledger.domain.customers.events import CUSTOMER_EVENTS
from oms_ledger.domain.customers.retention import Retention, RetentionSet
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.drafts.events import DRAFT_EVENTS
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.fulfilment.events import SHIPMENT_EVENTS
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.events import FULFILMENT_EVENTS
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.inbound.events import INBOUND_EVENTS
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.lots.events import SERIAL_EVENTS, LotDefined
from oms_ledger.domain.lots.state import Lot, Serial
from oms_ledger.domain.messages.events import MESSAGE_EVENTS
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.orders.events import ORDER_EVENTS
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PAYMENT_EVENTS
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.reservations.events import RESERVATION_EVENTS
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.returns.events import RETURN_EVENTS, ReturnPolicyDefined
from oms_ledger.domain.returns.state import Return, ReturnPolicy
from oms_ledger.domain.risk.events import RISK_EVENTS
from oms_ledger.domain.risk.state import BlockedBuyer, Buyer, HoldRule
from oms_ledger.domain.routing.events import ROUTING_EVENTS
from oms_ledger.domain.routing.state import LocationLoad, OrderRouting, PostalAreas
from oms_ledger.domain.stock.events import STOCK_EVENTS
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.stock_alerts.events import STOCK_ALERT_EVENTS
from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.domain.store_credit.events import STORE_CREDIT_EVENTS
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.transfers.events import TRANSFER_EVENTS
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Event, State

EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        *ORDER_EVENTS,
        *DRAFT_EVENTS,
        *STOCK_EVENTS,
        *STOCK_ALERT_EVENTS,
        LotDefined,
        *SERIAL_EVENTS,
        *INBOUND_EVENTS,
        *TRANSFER_EVENTS,
        *COUNT_EVENTS,
        *RESERVATION_EVENTS,
        *FULFILMENT_EVENTS,
        *SHIPMENT_EVENTS,
        *CASE_EVENTS,
        *PAYMENT_EVENTS,
        *RETURN_EVENTS,
        *MESSAGE_EVENTS,
        ReturnPolicyDefined,
        LocationDefined,
        ProductDefined,
        OrderNumbered,
        NumbersPassed,
        OrderNumberClaimed,
        ChannelDefined,
        *CONNECTION_EVENTS,
        *ROUTING_EVENTS,
        *RISK_EVENTS,
        *STORE_CREDIT_EVENTS,
        *CUSTOMER_EVENTS,
        RetentionSet,
    )
}

STATES: dict[str, type[State]] = {
    state.category: state
    for state in (
        Order,
        Draft,
        StockLevel,
        StockAlerts,
        Lot,
        Serial,
        Inbound,
        Transfer,
        Count,
        Reservation,
        Fulfilment,
        Shipment,
        ShipmentCase,
        Payment,
        StoreCredit,
        Return,
        Message,
        ReturnPolicy,
        Location,
        Product,
        Channel,
        OrderNumber,
        ChannelSettings,
        VendorConnection,
        OrderRouting,
        LocationLoad,
        PostalAreas,
        HoldRule,
        BlockedBuyer,
        Buyer,
        CustomerRecord,
        Retention,
    )
}
