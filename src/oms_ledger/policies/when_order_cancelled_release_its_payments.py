"""When an order is cancelled or expires, whole or in part, authorisations that it does not need any
more are voided, and what was paid too much is refunded."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.payments.refund_credit import RefundCredit
from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.orders.events import OrderCancelled
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.rules import needs_authorisations
from oms_ledger.kernel import Command, Log, Policy, Recorded

REASON = "order cancelled"


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderCancelled)
    order = log.fold(Order, event.order_id)
    commands: list[Command] = []
    if not needs_authorisations(order):
        commands += [
            VoidPayment(event.order_id, payment_id, REASON, if_unneeded=True)
            for payment_id, payment in order.settlement.payments.items()
            if payment.open > 0
        ]
    if order.balance.credit > 0:
        commands.append(RefundCredit(event.order_id, REASON, if_any=True))
    return commands


POLICY = Policy(
    "when_order_cancelled_release_its_payments", frozenset({OrderCancelled.type}), react
)
