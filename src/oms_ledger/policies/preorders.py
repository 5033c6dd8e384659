"""What is done when the time of a preorder has changed."""

from __future__ import annotations

from oms_commands.orders.reschedule_preorders import ReschedulePreorders
from oms_ledger.kernel import Command


def reschedule(order_id: str) -> Command:
    """The command that promises an order's preorders for the time of now. It does nothing where
    they are already."""
    return ReschedulePreorders(order_id)
