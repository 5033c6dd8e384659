"""When a payment is authorised, what is due of its order by then is captured, where the channel
says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.payments.events import PaymentAuthorised
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._captures import capture_due


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, PaymentAuthorised)
    order_id = log.fold(Payment, event.payment_id).first_event.order_id
    return capture_due(log, order_id, authorised=True)


POLICY = Policy(
    "when_payment_authorised_capture_what_is_due", frozenset({PaymentAuthorised.type}), react
)
