"""The store of the log and its tree, as the audit reads it; `postgres.py` implements it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree.merkle import Coordinate, Tile


class TreeDamaged(Exception):
    """The log or its tree is not as it was sealed: nothing more is signed until somebody has
    looked. `verify_tree` says what exactly."""


class Lost(Exception):
    """Somebody else has sealed since the tree was read."""


class StoredEvent(NamedTuple):
    """An event as it lies in the log, its bytes untouched."""

    position: int
    stream: str
    version: int
    type: str
    state: bytes


@dataclass(frozen=True, slots=True)
class TreeState:
    """`size` events are sealed under `root`. `head` is what the ledger says its newest position
    is, `newest` the newest event that is there."""

    ledger_id: str
    size: int
    root: bytes
    head: int
    newest: int


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key that signs from `from_size` on. `rotation` is the note, signed by its predecessor
    and by itself, that hands over; the first key has none."""

    key: VerifierKey
    from_size: int
    rotation: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    number: int
    size: int
    root: bytes
    note: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """All that one sealing writes, if the tree still has `old_size` leaves."""

    old_size: int
    size: int
    root: bytes
    tiles: Sequence[Tile]
    note: str
    key: StoredKey | None = None


class TileSource(Protocol):
    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        """The stored hashes of these tiles; those that are not there are left out."""


class TreeStore(TileSource, Protocol):
    """Used by one thread at a time. Pages are the caller's to choose, so that no statement runs
    long."""

    def state(self) -> TreeState: ...

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        """The leaf bytes of the events in (after, until], in order of position; fewer where
        some are missing."""

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        """The same events as they are stored."""

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        """The first events of a category's streams, in order of stream id, after a stream."""

    def signing_keys(self) -> Sequence[StoredKey]:
        """The keys, in the order in which they signed."""

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        """The last one signed, of the largest tree not larger than `at_most`."""

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        """In order of (size, number), after such a pair."""

    def seal(self, seal: Seal) -> None:
        """Write all of it or nothing. `Lost` when the tree has another size by now."""


def event_pages(
    store: TreeStore, after: int, until: int, page: int = 2000
) -> Iterable[StoredEvent]:
    """Events one by one, read a page at a time."""
    while after < until:
        yield from store.events(after, min(until, after + page))
        after += page
