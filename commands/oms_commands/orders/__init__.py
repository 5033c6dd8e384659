"""Commands about orders, in the order of an order's life."""

from __future__ import annotations

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.orders.release_schedule import ReleaseScheduledOrder
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PlaceOrder,
    ConfirmOrder,
    ReleaseScheduledOrder,
    CancelOrder,
    HoldOrder,
    ReleaseHold,
    AllocateBackorders,
)
