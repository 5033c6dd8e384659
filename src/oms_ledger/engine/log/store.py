"""What the writer needs of a place that keeps the log: one transaction at a time.

`postgres.py` keeps it in PostgreSQL, `memory.py` in lists. Both pass one conformance suite, so that
a result on the quick one holds on the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class EventRow(NamedTuple):
    """An event as it is stored; see migrations/0001_event_log.sql. A tuple, since it is made for
    every event: a frozen dataclass takes four times as long."""

    stream: str
    version: int
    topic: str
    state: bytes
    position: int


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    stream: str
    version: int
    position: int
    shape: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The first answer under an idempotency key; `outcome` is the writer's own JSON."""

    scope: str
    key: str
    fingerprint: bytes
    outcome: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read: streams with the version already known of each (0: nothing), whole
    categories, the names of the streams that begin with one of `prefixes`, and receipts by
    (scope, key)."""

    streams: Mapping[str, int] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    receipts: Sequence[tuple[str, str]] = ()
    prefixes: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.streams or self.categories or self.receipts or self.prefixes)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Snapshots first, then events in version order per stream, after snapshot or known version;
    `names` of the streams with the wanted prefixes."""

    snapshots: Sequence[SnapshotRow] = ()
    events: Sequence[EventRow] = ()
    receipts: Sequence[Receipt] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Head:
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one commit writes."""

    events: Sequence[EventRow]
    receipts: Sequence[Receipt]
    snapshots: Sequence[SnapshotRow]
    recorded_at: datetime


class StoreDown(Exception):
    """The store could not be reached, or did not answer. Whether a commit under way happened
    is for `happened` to say, once it answers again."""


class BatchRejected(Exception):
    """The store refused the batch as a whole; nothing was written."""


class Store(Protocol):
    """Used by one thread. `begin` takes the head lock; `commit` or `rollback` gives it back."""

    def begin(self, wanted: Wanted) -> tuple[Head, Loaded]: ...

    def load(self, wanted: Wanted) -> Loaded: ...

    def commit(self, head: Head, batch: Batch) -> None: ...

    def rollback(self) -> None: ...

    def happened(self, row: EventRow) -> bool:
        """Is this very event, byte for byte, in the log? Asked after a lost commit, which may
        still be under way: the answer waits until nobody holds the head lock."""

    def close(self) -> None: ...
