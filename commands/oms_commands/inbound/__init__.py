"""Commands about inbound deliveries."""

from __future__ import annotations

from oms_commands.inbound.cancel import CancelInbound
from oms_commands.inbound.close import CloseInbound
from oms_commands.inbound.create import CreateInbound
from oms_commands.inbound.receive import ReceiveInbound
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    CreateInbound,
    ReceiveInbound,
    CloseInbound,
    CancelInbound,
)
