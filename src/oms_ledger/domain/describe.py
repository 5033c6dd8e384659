"""Every event of the ledger as sentences for a person."""

from __future__ import annotations

from oms_ledger.domain.cases.describe import describe_case
from oms_ledger.domain.cases.events import CASE_EVENTS
from oms_ledger.domain.catalogue.events import (
    LocationDefined,
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
    ProductDefined,
)
from oms_ledger.domain.catalogue.state import order_number
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.connections.describe import describe_connection
from oms_ledger.domain.connections.events import CONNECTION_EVENTS
from oms_ledger.domain.counts.describe import describe_count
from oms_ledger.domain.counts.events import COUNT_EVENTS
from oms_ledger.domain.customers.describe import describe_customer, describe_retention
from oms_ledger.domain.customers.events import (
    CUSTOMER_EVENTS,
)
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.domain.drafts.describe import describe_draft
from oms_ledger.domain.drafts.events import DRAFT_EVENTS
from oms_ledger.domain.fulfilment.describe import describe_shipment
from oms_ledger.domain.fulfilment.events import (
    SHIPMENT_EVENTS,
)
from oms_ledger.domain.fulfilments.describe import describe_fulfilment
from oms_ledger.domain.fulfilments.events import FULFILMENT_EVENTS
from oms_ledger.domain.inbound.describe import describe_inbound
from oms_ledger.domain.inbound.events import INBOUND_EVENTS
from oms_ledger.domain.lots.describe import describe_lot, describe_serial
from oms_ledger.domain.lots.events import SERIAL_EVENTS, LotDefined
from oms_ledger.domain.messages.describe import describe_message
from oms_ledger.domain.messages.events import MESSAGE_EVENTS
from oms_ledger.domain.orders.describe import Skus, describe_order
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
)
from oms_ledger.domain.payments.describe import describe_payment
from oms_ledger.domain.payments.events import PAYMENT_EVENTS
from oms_ledger.domain.reservations.describe import describe_reservation
from oms_ledger.domain.reservations.events import RESERVATION_EVENTS
from oms_ledger.domain.returns.describe import describe_return, describe_return_policy
from oms_ledger.domain.returns.events import RETURN_EVENTS, ReturnPolicyDefined
from oms_ledger.domain.risk.describe import describe_risk
from oms_ledger.domain.risk.events import RISK_EVENTS
from oms_ledger.domain.routing.describe import describe_routing
from oms_ledger.domain.routing.events import ROUTING_EVENTS
from oms_ledger.domain.stock.describe import describe_stock
from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
)
from oms_ledger.domain.stock_alerts.describe import describe_stock_alert
from oms_ledger.domain.stock_alerts.events import STOCK_ALERT_EVENTS
from oms_ledger.domain.store_credit.describe import describe_store_credit
from oms_ledger.domain.store_credit.events import STORE_CREDIT_EVENTS
from oms_ledger.domain.transfers.describe import describe_transfer
from oms_ledger.domain.transfers.events import TRANSFER_EVENTS
from oms_ledger.kernel import Event


def describe(event: Event, skus: Skus) -> list[str]:
    """One sentence for what happened, and one for each thing it did to a line."""
    if isinstance(event, ORDER_EVENTS):
        return describe_order(event, skus)
    if isinstance(event, DRAFT_EVENTS):
        return [describe_draft(event)]
    if isinstance(event, SHIPMENT_EVENTS):
        return [describe_shipment(event)]
    if isinstance(event, CASE_EVENTS):
        return [describe_case(event)]
    if isinstance(event, FULFILMENT_EVENTS):
        return [describe_fulfilment(event, skus)]
    if isinstance(event, PAYMENT_EVENTS):
        return [describe_payment(event)]
    if isinstance(event, RETURN_EVENTS):
        return describe_return(event)
    if isinstance(event, MESSAGE_EVENTS):
        return [describe_message(event)]
    if isinstance(event, ReturnPolicyDefined):
        return [describe_return_policy(event)]
    if isinstance(event, STOCK_EVENTS):
        return [describe_stock(event)]
    if isinstance(event, STOCK_ALERT_EVENTS):
        return [describe_stock_alert(event)]
    if isinstance(event, LotDefined):
        return [describe_lot(event)]
    if isinstance(event, SERIAL_EVENTS):
        return [describe_serial(event)]
    if isinstance(event, INBOUND_EVENTS):
        return [describe_inbound(event)]
    if isinstance(event, TRANSFER_EVENTS):
        return [describe_transfer(event)]
    if isinstance(event, COUNT_EVENTS):
        return [describe_count(event)]
    if isinstance(event, RESERVATION_EVENTS):
        return [describe_reservation(event)]
    if isinstance(event, ROUTING_EVENTS):
        return [describe_routing(event)]
    if isinstance(event, ProductDefined):
        return [f"Product {event.sku} defined: {event.title}"]
    if isinstance(event, LocationDefined):
        return [f"Location {event.code} defined: {event.name}, a {event.kind}"]
    if isinstance(event, ChannelDefined):
        return [f"Channel {event.channel} defined: captures on {event.capture_on}"]
    if isinstance(event, CONNECTION_EVENTS):
        return [describe_connection(event)]
    if isinstance(event, RISK_EVENTS):
        return [describe_risk(event)]
    if isinstance(event, STORE_CREDIT_EVENTS):
        return [describe_store_credit(event)]
    if isinstance(event, CUSTOMER_EVENTS):
        return [describe_customer(event)]
    if isinstance(event, RetentionSet):
        return [describe_retention(event)]
    if isinstance(event, OrderNumbered):
        return [f"Order {order_number(event.channel, event.sequence)} numbered"]
    if isinstance(event, NumbersPassed):
        return [f"Channel {event.channel} gives no number up to {event.sequence} any more"]
    if isinstance(event, OrderNumberClaimed):
        return [f"Number {event.number} kept by an imported order"]
    raise TypeError(f"{event.type} has no words yet; give it some in {__name__}")
