"""Commands about hold rules, risk and the blocked list."""

from __future__ import annotations

from oms_commands.risk.assess_risk import AssessOrderRisk
from oms_commands.risk.block import BlockBuyer
from oms_commands.risk.put_rule import PutHoldRule
from oms_commands.risk.screen import ScreenOrder
from oms_commands.risk.unblock import UnblockBuyer
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PutHoldRule,
    ScreenOrder,
    AssessOrderRisk,
    BlockBuyer,
    UnblockBuyer,
)
