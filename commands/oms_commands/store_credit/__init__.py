"""Commands about store credit. It is spent by payments and given by refunds."""

from __future__ import annotations

from oms_commands.store_credit.issue import IssueStoreCredit
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (IssueStoreCredit,)
