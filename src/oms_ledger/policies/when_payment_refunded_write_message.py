"""When money was refunded, the customer gets a message, where the channel says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.payments.events import PaymentRefunded
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import is_news, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, PaymentRefunded)
    if not is_news(recorded, log):
        return ()
    requested = log.fold(Payment, event.payment_id).first_event
    return message_about(log, requested.order_id, "refunded", event.refund_id)


POLICY = Policy("when_payment_refunded_write_message", frozenset({PaymentRefunded.type}), react)
