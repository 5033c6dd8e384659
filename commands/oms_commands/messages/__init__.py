"""Commands about messages to customers."""

from __future__ import annotations

from oms_commands.messages.fail import FailMessage
from oms_commands.messages.request import RequestMessage
from oms_commands.messages.send import SendMessage
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (RequestMessage, SendMessage, FailMessage)
