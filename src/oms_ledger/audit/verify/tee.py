"""A tree store that passes on the events it reads, so that one reading of the log serves the check
of the tree and the fold of the events."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence

from oms_ledger.audit.tree.merkle import Coordinate
from oms_ledger.audit.tree.store import (
    Seal,
    StoredCheckpoint,
    StoredEvent,
    StoredVerifierKey,
    TreeState,
    TreeStore,
)

PAGE_EVENTS = 4096

# The beginning of a leaf: the number of fields, the position, and the length of the stream id.
_BEGINNING = struct.Struct("!hiqi").unpack_from
_VERSION_AND_LENGTH = struct.Struct("!iqi").unpack_from
_LENGTH = struct.Struct("!i").unpack_from
_BEGINNING_BYTES, _VERSION_BYTES, _LENGTH_BYTES = 18, 16, 4


def event_of(leaf: bytes) -> StoredEvent | None:
    """The event of a leaf; None where the leaf holds only the hash of a long state."""
    _, _, position, length = _BEGINNING(leaf)
    end = _BEGINNING_BYTES + length
    stream = str(leaf[_BEGINNING_BYTES:end], "utf-8")
    _, version, length = _VERSION_AND_LENGTH(leaf, end)
    start = end + _VERSION_BYTES
    end = start + length
    kind = str(leaf[start:end], "utf-8")
    (length,) = _LENGTH(leaf, end)
    if length < 0:
        return None
    start = end + _LENGTH_BYTES
    return StoredEvent(position, stream, version, kind, bytes(leaf[start : start + length]))


class TeeTreeStore:
    """A `TreeStore` that calls `on_events` with every page of events read through it, in order and
    each event once. `finish` reads the rest of the events up to `until`."""

    def __init__(
        self, store: TreeStore, until: int, on_events: Callable[[Sequence[StoredEvent]], None]
    ) -> None:
        self._store = store
        self._until = until
        self._on_events = on_events
        self._passed_on = 0

    def finish(self) -> None:
        """Pass on the events that have not been read yet, up to `until`."""
        while self._passed_on < self._until:
            self.leaves(self._passed_on, min(self._until, self._passed_on + PAGE_EVENTS))

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        leaves = self._store.leaves(after, until)
        if after == self._passed_on:
            self._passed_on = until
            self._on_events(self._events(leaves, after, until))
        return leaves

    def _events(self, leaves: Sequence[bytes], after: int, until: int) -> Sequence[StoredEvent]:
        events = [event for leaf in leaves if (event := event_of(leaf)) is not None]
        if len(events) == len(leaves):
            return events
        return self._store.events(after, until)

    # Delegated unchanged.

    def state(self) -> TreeState:
        return self._store.state()

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        return self._store.events(after, until)

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        return self._store.stream_starts(category, after, limit)

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        return self._store.tiles(at)

    def signing_keys(self) -> Sequence[StoredVerifierKey]:
        return self._store.signing_keys()

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        return self._store.newest_checkpoint(at_most)

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        return self._store.checkpoints(after, limit)

    def seal(self, seal: Seal) -> None:
        self._store.seal(seal)
