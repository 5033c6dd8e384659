"""A sealed ledger, and a superuser who can tamper with it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from oms_ledger.audit.tree import keys, notes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.postgres import PostgresTree
from oms_ledger.audit.tree.sealer import Pace, Sealer
from oms_ledger.audit.tree.store import StoredCheckpoint
from oms_ledger.audit.verify.findings import Anchor, TreeReport
from oms_ledger.audit.verify.tree import verify_tree
from oms_ledger.engine.db.connection import Connection
from tests.databases import Database

APPEND = "INSERT INTO ledger_events VALUES (%s, %s, %s, %s, %s)"
HEAD = "UPDATE ledger_head SET position = %s"

Row = tuple[str, int, str, bytes, int]

TABLES = ("ledger_events", "merkle_tree", "merkle_tiles", "merkle_checkpoints", "merkle_keys")


def event(position: int) -> Row:
    """The event at a position: five events to a stream, each with a state of its own."""
    stream, version = divmod(position - 1, 5)
    return (
        f"location-{stream}",
        version + 1,
        "location.defined.v1",
        b'{"n":%d}' % position,
        position,
    )


@dataclass
class Audited:
    """A ledger with its tree, its key file and its sealers."""

    database: Database
    connection: Connection
    key_file: Path

    def __post_init__(self) -> None:
        self.store = PostgresTree(self._lend)
        self.origin = notes.origin("main", self.store.state().ledger_id)

    @contextmanager
    def _lend(self) -> Generator[Connection]:
        yield self.connection

    def another_store(self, connection: Connection) -> PostgresTree:
        @contextmanager
        def lend() -> Generator[Connection]:
            yield connection

        return PostgresTree(lend)

    def append(self, rows: Sequence[Row]) -> None:
        with self.database.connect_writer() as writer, writer.transaction():
            insert(writer, rows)

    def grow(self, events: int) -> None:
        head = self.store.state().head
        self.append([event(position) for position in range(head + 1, head + events + 1)])

    def sealer(self, pace: Pace | None = None) -> Sealer:
        return Sealer(self.store, "main", self.key_file, pace)

    def seal(self, pace: Pace | None = None) -> int:
        sealer = self.sealer(pace)
        return sealer.catch_up()

    def sealed(self, *events: int) -> Audited:
        """Append and seal this number of events, once for each number given."""
        for each in events:
            self.grow(each)
            self.seal()
        return self

    @property
    def key(self) -> SigningKey:
        return keys.read(self.key_file)

    def newest(self) -> StoredCheckpoint:
        checkpoint = self.store.newest_checkpoint()
        assert checkpoint is not None
        return checkpoint

    def anchor(self) -> Anchor:
        return Anchor("the safe", self.newest().note)

    def verify(self, *anchors: Anchor) -> TreeReport:
        return verify_tree(self.store, self.origin, [self.key.verifier], anchors)

    def superuser(self) -> AbstractContextManager[Connection]:
        return superuser(self.database)


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    cursor = connection.cursor()
    cursor.executemany(APPEND, rows)
    cursor.execute(HEAD, (rows[-1][-1],))


@contextmanager
def superuser(database: Database) -> Generator[Connection]:
    """The owner's connection, with all triggers of the tables disabled."""
    with database.connect_owner() as connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection


def kinds(report: TreeReport) -> list[tuple[str, int, int]]:
    return [(finding.kind, finding.first, finding.last) for finding in report.findings]
