"""Commands about orders, in the order of an order's life."""

from __future__ import annotations

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.archive import ArchiveOrder
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.expire import ExpireOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.import_order import ImportOrder
from oms_commands.orders.note import NoteOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.orders.release_schedule import ReleaseScheduledOrder
from oms_commands.orders.reschedule_preorders import ReschedulePreorders
from oms_commands.orders.resume import ResumeOrder
from oms_commands.orders.tag import TagOrder
from oms_commands.orders.unarchive import UnarchiveOrder
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PlaceOrder,
    PlaceReceivedOrder,
    ImportOrder,
    ConfirmOrder,
    EditOrder,
    ReleaseScheduledOrder,
    CancelOrder,
    ExpireOrder,
    ResumeOrder,
    HoldOrder,
    ReleaseHold,
    AllocateBackorders,
    ReschedulePreorders,
    TagOrder,
    NoteOrder,
    ArchiveOrder,
    UnarchiveOrder,
)
