"""Commands about lots."""

from __future__ import annotations

from oms_commands.lots.expire import ExpireLot
from oms_commands.lots.put import PutLot
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PutLot,
    ExpireLot,
)
