"""Commands about counts."""

from __future__ import annotations

from oms_commands.counts.approve import ApproveCount
from oms_commands.counts.cancel import CancelCount
from oms_commands.counts.create import CreateCount
from oms_commands.counts.record import RecordCount
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    CreateCount,
    RecordCount,
    ApproveCount,
    CancelCount,
)
