"""A ledger in memory for the HTTP API: the real writer, gate, sealer and masks, and no database.

It takes commands and answers the feed. Read models, keys other than the administrator's, personal
values and the audit need a database: a test that needs one here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import cast

from oms_ledger.app import Oms
from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Pool, Pools
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.clock import ClockGuard
from oms_ledger.engine.log.memory import MemoryLog, MemoryStore
from oms_ledger.engine.log.snapshots import SnapshotDecoder
from oms_ledger.engine.log.store import EventRow
from oms_ledger.engine.project.leases import BuildStatus
from oms_ledger.engine.read.reader import FeedPage, Readers
from oms_ledger.engine.work.cursors import CursorStatus
from oms_ledger.engine.work.state import WorkState
from oms_ledger.engine.write.writer import Writer
from oms_ledger.integrations.catalogue import VENDOR_KINDS
from oms_ledger.kernel import Event, Position, Recorded
from oms_ledger.privacy.crypto import LedgerKey
from oms_ledger.privacy.keks import factory
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.sensitivity.index import SensitivityIndex
from oms_ledger.privacy.vault import Vault
from oms_ledger.settings import Settings
from oms_projections import PROJECTIONS

NO_FILE = Path("nowhere")


class NoPools:
    """Connections that cannot be had. `requested` are the roles of those that were requested."""

    def __init__(self) -> None:
        self.requested: list[Role] = []

    def connection(self) -> AbstractContextManager[Connection]:
        return self.connect(Role.READER)

    def lend(self, role: Role) -> AbstractContextManager[Connection]:
        return self.connect(role)

    def connect(self, role: Role) -> Connection:
        self.requested.append(role)
        raise Unavailable("There is no database.")

    def connector(self, role: Role) -> Callable[[], Connection]:
        return partial(self.connect, role)

    async def connect_async(self, role: Role) -> Connection:
        return self.connect(role)


class MemoryKeys(KeyCache):
    """The ledger's own key, made anew for each ledger, and no key of a person."""

    def __init__(self, lend: Lend, settings: Settings) -> None:
        super().__init__(lend, factory.key_wrapper(settings.kek, NO_FILE, settings.ledger))
        self._ledger_key = LedgerKey("memory", token_bytes(32))


class MemoryMarkEvents:
    """`MarkEvents` of a log in memory."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def first(self, streams: Collection[str]) -> dict[str, Event]:
        return {stream: _recorded(rows[0]).event for stream, rows in self._of(streams)}

    def newest(self, streams: Collection[str]) -> dict[str, Event]:
        return {stream: _recorded(rows[-1]).event for stream, rows in self._of(streams)}

    def edits(self, streams: Collection[str]) -> list[Event]:
        events = (_recorded(row).event for _, rows in self._of(streams) for row in rows)
        return [event for event in events if isinstance(event, OrderEdited)]

    def _of(self, streams: Collection[str]) -> list[tuple[str, list[EventRow]]]:
        with self._log.lock:
            every = self._log.streams
            return [(stream, list(every[stream])) for stream in streams if every.get(stream)]


class MemoryReaders(Readers):
    """The head and the feed of a log in memory, which has no read models and no workers."""

    def __init__(self, log: MemoryLog, pools: NoPools, snapshots: SnapshotDecoder) -> None:
        super().__init__(cast(Pool, pools), PROJECTIONS, snapshots)
        self._log = log

    def head(self) -> Position:
        with self._log.lock:
            return len(self._log.events)

    def feed(
        self, after: Position = 0, limit: int = 50, types: Sequence[str] | None = None
    ) -> FeedPage:
        with self._log.lock:
            rows = self._log.events[after:]
        head = after + len(rows)
        records = [_recorded(row) for row in rows if types is None or row.topic in types][:limit]
        return FeedPage(records, records[-1].position if len(records) == limit else head, head)

    def status(self) -> list[BuildStatus]:
        return []

    def work_states(self) -> list[WorkState]:
        return []

    def policy_cursors(self) -> list[CursorStatus]:
        return []

    def refusal_counts(self) -> dict[str, int]:
        return {}


def _recorded(row: EventRow) -> Recorded:
    return codec.recorded(row.position, row.stream, row.version, row.topic, row.state)


@contextmanager
def open_in_memory(settings: Settings) -> Generator[Oms]:
    """An open ledger whose log is lost when it is closed. AssertionError at the end where a request
    needed a database: its test belongs on the fixtures `api` and `shop`."""
    log, pools = MemoryLog(), NoPools()
    sensitivity = SensitivityIndex(MemoryMarkEvents(log))
    vault = Vault.of(pools.lend, MemoryKeys(pools.lend, settings), sensitivity.access_log_keys)
    snapshots = SnapshotDecoder()
    guard = ClockGuard(timedelta(seconds=settings.clock_difference_seconds))
    writer = Writer(MemoryStore(log), guard=guard)
    oms = Oms(
        settings=settings,
        url="memory:",
        pools=cast(Pools, pools),
        writer=writer,
        readers=MemoryReaders(log, pools, snapshots),
        snapshots=snapshots,
        guard=guard,
        vault=vault,
        sensitivity=sensitivity,
        kinds=VENDOR_KINDS,
    )
    try:
        yield oms
    finally:
        oms.connections.close()
        writer.close()
    assert not pools.requested, "a request needed a database"
