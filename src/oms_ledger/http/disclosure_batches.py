"""Opens the sealed texts of several answers at a time, and logs the accesses."""

from __future__ import annotations

import asyncio

from oms_ledger.app import Oms
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.privacy.access_log import AccessLog, Entry
from oms_ledger.privacy.disclosure import Access, DisclosureRequest

LANES = 2


class OpenedTexts:
    """Belongs to one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._opener = oms.vault.opener
        self._sessions = oms.event_loop_sessions(LANES)
        self._accesses: MicroBatcher[Entry, None] = MicroBatcher(
            AccessLog(self._sessions).add, lanes=LANES
        )
        self._views: dict[tuple[Access, frozenset[str]], asyncio.Task[None]] = {}
        self._without_keys: MicroBatcher[DisclosureRequest, list[str]] = MicroBatcher(
            threads.worker(oms.vault.opener.disclose), lanes=LANES
        )

    async def open(self, request: DisclosureRequest) -> list[str]:
        """The opened texts in order, once the access is on record."""
        opened = self._opener.open_cached(request)
        if opened is None:
            return await self._without_keys.call(request)
        texts, used = opened
        views, access = self._opener.views, request.access
        if unrecorded := views.unrecorded(access, used):
            await (self._view if access.public else self._accesses.call)((access, unrecorded))
            views.recorded(access, unrecorded)
        return texts

    async def _view(self, entry: Entry) -> None:
        """Store the entry of a public page; equal ones at the same time are one."""
        access, keys = entry
        view = access, frozenset(keys)
        storing = self._views.get(view)
        if storing is None:
            storing = self._views[view] = asyncio.create_task(self._accesses.call(entry))
            storing.add_done_callback(lambda _: self._views.pop(view))
        await asyncio.shield(storing)

    def close(self) -> None:
        self._sessions.close()
