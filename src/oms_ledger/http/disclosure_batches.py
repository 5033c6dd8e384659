"""Opens the sealed values of several answers at a time, and logs the accesses."""

from __future__ import annotations

from oms_ledger.app import Oms
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.privacy.access_log import AccessLog, Entry
from oms_ledger.privacy.disclosure import DisclosureRequest

LANES = 2


class OpenedAnswers:
    """Belongs to one event loop."""

    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._opener = oms.vault.opener
        self._sessions = oms.event_loop_sessions(LANES)
        self._accesses: MicroBatcher[Entry, None] = MicroBatcher(
            AccessLog(self._sessions).add, lanes=LANES
        )
        self._without_keys: MicroBatcher[DisclosureRequest, bytes] = MicroBatcher(
            threads.worker(oms.vault.opener.disclose), lanes=LANES
        )

    async def open(self, request: DisclosureRequest) -> bytes:
        """The answer with its sealed values opened, once the access is on record."""
        opened = self._opener.open_cached(request)
        if opened is None:
            return await self._without_keys.call(request)
        rendered, used = opened
        if used:
            await self._accesses.call((request.access, used))
        return rendered

    def close(self) -> None:
        self._sessions.close()
