"""The access log of an event loop: accesses that end at the same time are stored in one commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from oms_ledger.engine.db.async_session import AsyncSessions
from oms_ledger.privacy import postgres
from oms_ledger.privacy.disclosure import Access

Entry: TypeAlias = tuple[Access, Collection[str]]
"""An access, and the ids of the keys whose values it discloses."""


class AccessLog:
    """Used in one event loop. The caller closes `sessions`."""

    def __init__(self, sessions: AsyncSessions) -> None:
        self._sessions = sessions

    async def add(self, entries: Sequence[Entry]) -> list[None]:
        """Store entries; they are committed when it returns."""
        await self._sessions.rows(postgres.SQL["log_accesses"], postgres.entries_of(entries))
        return [None] * len(entries)
