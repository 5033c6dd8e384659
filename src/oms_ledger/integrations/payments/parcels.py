"""Parcels that payment providers get word of, so that buyers see them and disputes are decided."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.fulfilment.events import ShipmentDispatched
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRequested
from oms_ledger.domain.payments.state import Payment
from oms_ledger.integrations.payments.calls import reference_of
from oms_ledger.integrations.performer import Performed
from oms_ledger.integrations.ports import (
    ShipmentCall,
    ShipmentNotices,
    Unknown,
    VendorRefused,
    WebhookMessage,
)
from oms_ledger.kernel import Command, Effect, Log, Recorded

PROVIDERS = frozenset({"paypal"})
"""Those that take parcels."""


def connection_of(recorded: Recorded, log: Log) -> str | None:
    """The account through which the order of a parcel was paid; None where its provider takes no
    parcels, or the parcel has no number."""
    event = recorded.event
    assert isinstance(event, ShipmentDispatched)
    if event.simulated or not log.keys(VendorConnection, limit=1):
        return None
    if log.fold(Shipment, event.shipment_id).tracking_number is None:
        return None
    requested = payment_of(event.order_id, log)
    return None if requested is None else requested.connection


def payment_of(order_id: str, log: Log) -> PaymentRequested | None:
    """The first payment of an order at a provider that takes parcels, unless it came to nothing."""
    for payment_id, payment in log.fold(Order, order_id).settlement.payments.items():
        if payment.provider in PROVIDERS and payment.status not in ("failed", "voided"):
            requested = log.fold(Payment, payment_id).first_event
            if requested.connection is not None:
                return requested
    return None


class ParcelEffect:
    """Reports parcels. The provider's refusal is left to a person: the ledger has nothing of it."""

    effect = Effect("parcels", frozenset({ShipmentDispatched.type}), connection_of)

    def perform(
        self, adapter: ShipmentNotices, event: Recorded, log: Log, *, uncertain: bool
    ) -> Performed:
        """A repeated report is the same one, so that nothing is looked up."""
        dispatched = event.event
        assert isinstance(dispatched, ShipmentDispatched)
        requested = payment_of(dispatched.order_id, log)
        shipment = log.fold(Shipment, dispatched.shipment_id)
        if requested is None or shipment.created is None or shipment.tracking_number is None:
            return Performed()
        created = shipment.created
        call = ShipmentCall(
            dispatched.shipment_id,
            reference_of(requested.stream, log),
            created.carrier if created.carrier != "manual" else created.service or "carrier",
            shipment.tracking_number,
        )
        outcome = adapter.report_shipment(call)
        if isinstance(outcome, Unknown):
            return Performed(unknown=outcome)
        return Performed(code=outcome.code if isinstance(outcome, VendorRefused) else None)

    def translate(
        self, adapter: ShipmentNotices, connection: str, message: WebhookMessage, log: Log
    ) -> Sequence[Command]:
        return ()
