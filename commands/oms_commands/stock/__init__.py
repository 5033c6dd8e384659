"""Commands about stock."""

from __future__ import annotations

from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.change_state import ChangeStockState
from oms_commands.stock.count import CountStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_commands.stock.transfer import TransferStock
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    ReceiveStock,
    ReturnStock,
    AdjustStock,
    CountStock,
    TransferStock,
    ChangeStockState,
)
