"""What policies about captures have in common."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.payments.capture_due import CaptureDuePayments
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.captures import capture_target
from oms_ledger.kernel import Command, Log


def capture_due(log: Log, order_id: str, *, authorised: bool = False) -> Sequence[Command]:
    """The command that captures what is due of an order; none where its channel captures nothing
    by itself yet, or it has no payment. `authorised`: one was just now, which the order does not
    count yet."""
    if not log.keys(ChannelSettings, limit=1):  # so that ledgers without settings fold no order
        return ()
    order = log.fold(Order, order_id)
    if not authorised and not order.settlement.payments:
        return ()
    settings = log.fold(ChannelSettings, channel_key(order.terms.channel)).defined
    if not capture_target(order, settings):
        return ()
    return [CaptureDuePayments(order_id, if_any=True)]
