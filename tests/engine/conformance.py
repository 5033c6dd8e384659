"""One interface to the logs in memory and in PostgreSQL, for suites that must pass on both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.memory import MemoryLog, MemoryStore
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.store import EventRow, Store
from oms_ledger.kernel import Recorded

StoreFactory = Callable[[], Store]
Connect = Callable[[], Connection]


class Ledger(ABC):
    keeps_snapshots: bool

    @abstractmethod
    def store(self) -> Store: ...

    @abstractmethod
    def rows(self) -> list[EventRow]:
        """The whole log, in order."""

    @abstractmethod
    def stalled(self) -> AbstractContextManager[None]:
        """Holds the head lock: no commit succeeds within the block."""

    @abstractmethod
    def spoil_first_event(self, stream: str) -> None:
        """Make the first event of a stream unreadable, so that only a snapshot can be loaded."""

    def recorded(self) -> list[Recorded]:
        return [
            codec.recorded(r.position, r.stream, r.version, r.topic, r.state) for r in self.rows()
        ]


class MemoryLedger(Ledger):
    keeps_snapshots = False

    def __init__(self) -> None:
        self.log = MemoryLog()

    def store(self) -> Store:
        return MemoryStore(self.log)

    def rows(self) -> list[EventRow]:
        return list(self.log.events)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        with self.log.lock:
            yield

    def spoil_first_event(self, stream: str) -> None:
        self.log.streams[stream][0] = self.log.streams[stream][0]._replace(state=b"spoiled")


class PostgresLedger(Ledger):
    keeps_snapshots = True

    def __init__(self, connect: Connect, owner: Connect) -> None:
        self.connect = connect
        self.owner = owner

    def store(self) -> Store:
        return PostgresStore(self.connect)

    def rows(self) -> list[EventRow]:
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT originator_id, originator_version, topic, state, notification_id"
                " FROM ledger_events ORDER BY notification_id"
            ).fetchall()
        return [EventRow(*row) for row in rows]

    @contextmanager
    def stalled(self) -> Iterator[None]:
        with self.connect() as connection, connection.transaction():
            connection.execute("SELECT position FROM ledger_head FOR UPDATE")
            yield

    def spoil_first_event(self, stream: str) -> None:
        with self.owner() as connection:
            connection.execute("ALTER TABLE ledger_events DISABLE TRIGGER USER")
            connection.execute(
                "UPDATE ledger_events SET state = 'spoiled'"
                " WHERE originator_id = %s AND originator_version = 1",
                (stream,),
            )
