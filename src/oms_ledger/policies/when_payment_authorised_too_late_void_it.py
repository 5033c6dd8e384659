"""When a payment is authorised whose order does not need it any more, it is voided: its provider
answered after the order was cancelled or has expired, or was paid otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentAuthorised
from oms_ledger.domain.payments.rules import needs_authorisations
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Command, Log, Policy, Recorded

REASON = "authorised too late"


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, PaymentAuthorised)
    order_id = log.fold(Payment, event.payment_id).first_event.order_id
    if needs_authorisations(log.fold(Order, order_id)):
        return ()
    return [VoidPayment(order_id, event.payment_id, REASON, if_unneeded=True)]


POLICY = Policy(
    "when_payment_authorised_too_late_void_it", frozenset({PaymentAuthorised.type}), react
)
