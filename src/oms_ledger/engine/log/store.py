"""The protocol between the writer and a store of the log: one transaction at a time.

`postgres.py` stores it in PostgreSQL, `memory.py` in lists. Both pass one conformance suite, so
that a result on the quick one holds on the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from oms_ledger.kernel import State


class EventRow(NamedTuple):
    """An event as it is stored; see migrations/0001_event_log.sql. A tuple, since it is made for
    every event: a frozen dataclass takes four times as long."""

    stream: str
    version: int
    topic: str
    state: bytes
    position: int


class SnapshotRow(NamedTuple):
    """A snapshot as it is stored; see `snapshots.py`."""

    stream: str
    version: int
    position: int
    shape: str
    state: bytes
    checksum: bytes


class FoldedStream(NamedTuple):
    """The state of a stream up to a version, from a snapshot of `size` bytes."""

    stream: str
    version: int
    state: State
    size: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The first outcome under an idempotency key. `fingerprint`: hash of the request. `outcome`:
    JSON, see `submissions.encode_outcome`."""

    scope: str
    key: str
    fingerprint: bytes
    outcome: bytes


class SubjectKeyRow(NamedTuple):
    """A new data key of a data subject, wrapped; see migrations/0007_personal.sql."""

    key_id: str
    subject: str
    wrapped: bytes
    kek_id: str


class StoredKey(NamedTuple):
    """A data key that is stored already; `living`: it is not destroyed."""

    key_id: str
    subject: str
    living: bool


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to read: `streams`, each after the version that is cached (0: from the start); whole
    `categories`; the names of the streams that begin with one of `prefixes`; `receipts` by
    (scope, key); the stored keys with the ids of `keys`, and the living ones of their subjects."""

    streams: Mapping[str, int] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    receipts: Sequence[tuple[str, str]] = ()
    prefixes: Sequence[str] = ()
    keys: Sequence[SubjectKeyRow] = ()

    @property
    def names_states(self) -> bool:
        """Whether what is read changes the states of streams, and not only receipts and keys."""
        return bool(self.streams or self.categories or self.prefixes)

    def __bool__(self) -> bool:
        return self.names_states or bool(self.receipts or self.keys)


@dataclass(frozen=True, slots=True)
class LoadedRows:
    """Snapshots first, then events in version order per stream, after snapshot or known version;
    `names` of the streams with the requested prefixes."""

    snapshots: Sequence[FoldedStream] = ()
    events: Sequence[EventRow] = ()
    receipts: Sequence[Receipt] = ()
    names: Sequence[str] = ()
    keys: Sequence[StoredKey] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """`database_time`: the database's clock as of now; None where there is no database."""

    position: int
    recorded_at: datetime
    database_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one commit; `recorded_at` becomes that of the head. `keys` are new data keys,
    `blinds` entries of the index of e-mail addresses: a blind and the id of its key."""

    events: Sequence[EventRow]
    receipts: Sequence[Receipt]
    snapshots: Sequence[SnapshotRow]
    recorded_at: datetime
    keys: Sequence[SubjectKeyRow] = ()
    blinds: Sequence[tuple[str, str]] = ()


class StoreUnavailable(Exception):
    """The store could not be reached, or did not answer. After an interrupted commit `contains`
    tells whether it happened."""


class BatchRejected(Exception):
    """The store refused the batch as a whole; nothing was written."""


class Store(Protocol):
    """Used by one thread. `begin` takes the head lock; `commit` and `rollback` release it."""

    def begin(self, request: LoadRequest) -> tuple[Head, LoadedRows]: ...

    def load(self, request: LoadRequest) -> LoadedRows: ...

    def commit(self, head: Head, batch: Batch) -> None: ...

    def rollback(self) -> None: ...

    def contains(self, row: EventRow) -> bool:
        """Whether the log contains this event, byte for byte. Takes the head lock first, since an
        interrupted commit may still be running on the server."""

    def close(self) -> None: ...
