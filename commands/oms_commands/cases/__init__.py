"""Commands about cases: exceptions of shipments with their notes and resolutions."""

from __future__ import annotations

from oms_commands.cases.close import CloseCase
from oms_commands.cases.note import NoteCase
from oms_commands.cases.open import OpenCase
from oms_commands.cases.open_flagged import OpenFlaggedCase
from oms_commands.cases.reopen import ReopenCase
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    OpenCase,
    OpenFlaggedCase,
    NoteCase,
    CloseCase,
    ReopenCase,
)
