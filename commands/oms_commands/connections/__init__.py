"""Commands about connections, which are accounts at vendors."""

from __future__ import annotations

from oms_commands.connections.pause import PauseConnection
from oms_commands.connections.put import PutConnection
from oms_commands.connections.resume import ResumeConnection
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (PutConnection, PauseConnection, ResumeConnection)
