"""Commands about transfers."""

from __future__ import annotations

from oms_commands.transfers.cancel import CancelTransfer
from oms_commands.transfers.close import CloseTransfer
from oms_commands.transfers.create import CreateTransfer
from oms_commands.transfers.receive import ReceiveTransfer
from oms_commands.transfers.ship import ShipTransfer
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    CreateTransfer,
    ShipTransfer,
    ReceiveTransfer,
    CloseTransfer,
    CancelTransfer,
)
