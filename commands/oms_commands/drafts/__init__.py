"""Commands about drafts: orders that are being prepared."""

from __future__ import annotations

from oms_commands.drafts.create import CreateDraft
from oms_commands.drafts.delete import DeleteDraft
from oms_commands.drafts.place import PlaceDraft
from oms_commands.drafts.put import PutDraft
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (CreateDraft, PutDraft, PlaceDraft, DeleteDraft)
