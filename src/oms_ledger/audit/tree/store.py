"""The protocol of the log and its tree, as the audit reads it; `postgres.py` implements it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree.merkle import Coordinate, Tile


class TreeDamaged(Exception):
    """The log or its tree is not as it was sealed. Nothing more is signed until it is repaired;
    `verify_tree` names the fault."""


class SealConflict(Exception):
    """Another sealer has sealed since the tree was read."""


class StoredEvent(NamedTuple):
    """An event as it is stored in the log; `state` are its bytes, not decoded."""

    position: int
    stream: str
    version: int
    type: str
    state: bytes


@dataclass(frozen=True, slots=True)
class TreeState:
    """`size` events are sealed under `root`. `head` is the newest position by the ledger's head
    row, `newest` by the log itself; they differ only after tampering."""

    ledger_id: str
    size: int
    root: bytes
    head: int
    newest: int


@dataclass(frozen=True, slots=True)
class StoredVerifierKey:
    """A verifier key and the tree size from which the ledger signs with it. `rotation` is the note
    by which the previous key hands over, signed by both; None where there is no previous key, or
    it was lost."""

    key: VerifierKey
    from_size: int
    rotation: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed checkpoint. `number` counts them; `note` is the signed text that has `size` and
    `root`."""

    number: int
    size: int
    root: bytes
    note: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """What one sealing writes, provided that the tree still has `old_size` leaves. `key` is set
    where a new key begins to sign."""

    old_size: int
    size: int
    root: bytes
    tiles: Sequence[Tile]
    note: str
    key: StoredVerifierKey | None = None


class TileSource(Protocol):
    """The stored tiles of a tree."""

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        """The hashes of the tiles at these coordinates; missing tiles are left out."""


class TreeStore(TileSource, Protocol):
    """The log and its tree. Used by one thread at a time. The caller chooses the page sizes, so
    that no statement runs long."""

    def state(self) -> TreeState:
        """The sealed size and root, and the head of the log."""

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        """The leaf bytes of the events in (after, until], in order of position. Missing events are
        left out."""

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        """The events in (after, until], in order of position. Missing events are left out."""

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        """The first event of each stream of a category, in order of stream id; at most `limit` of
        them, from the stream behind `after` on."""

    def signing_keys(self) -> Sequence[StoredVerifierKey]:
        """The verifier keys, in the order in which they signed."""

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        """The newest checkpoint of the largest size, or of the largest up to `at_most`."""

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        """At most `limit` checkpoints in order of (size, number), behind the pair `after`."""

    def seal(self, seal: Seal) -> None:
        """Write the seal in one transaction. `SealConflict` if the tree has another size by now."""


def event_pages(
    store: TreeStore, after: int, until: int, page: int = 2000
) -> Iterable[StoredEvent]:
    """The events in (after, until] one by one, read `page` at a time."""
    while after < until:
        yield from store.events(after, min(until, after + page))
        after += page
