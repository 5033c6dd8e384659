"""What is done when stock has come in for a line that waits."""

from __future__ import annotations

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_ledger.kernel import Command


def fill_line(order_id: str, line_id: str) -> Command:
    """The command that allocates what is available to the line. It is refused where nothing is, or
    the line waits no more."""
    return AllocateBackorders(order_id, lines=(line_id,))
