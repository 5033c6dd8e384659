"""One reading of the log for all who want to see it: the tree, and whoever folds the events."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence

from oms_ledger.audit.tree.merkle import Coordinate
from oms_ledger.audit.tree.store import (
    Seal,
    StoredCheckpoint,
    StoredEvent,
    StoredKey,
    TreeState,
    TreeStore,
)

PAGE_EVENTS = 4096

# A leaf's first fields: their number, the position, and how long the stream's name is.
_BEGINNING = struct.Struct("!hiqi").unpack_from
_VERSION_AND_LENGTH = struct.Struct("!iqi").unpack_from
_LENGTH = struct.Struct("!i").unpack_from
_BEGINNING_BYTES, _VERSION_BYTES, _LENGTH_BYTES = 18, 16, 4


def event_of(leaf: bytes) -> StoredEvent | None:
    """The event that a leaf is made of; None where its state is so long that only its hash is
    in the leaf."""
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


class ReadOnce:
    """A `TreeStore` that shows `take` every page of events that is read from it, in order, each
    once. `finish` reads what nobody has asked for."""

    def __init__(
        self, store: TreeStore, until: int, take: Callable[[Sequence[StoredEvent]], None]
    ) -> None:
        self._store = store
        self._until = until
        self._take = take
        self._shown = 0

    def finish(self) -> None:
        """Show what is left, up to the position that was named."""
        while self._shown < self._until:
            self.leaves(self._shown, min(self._until, self._shown + PAGE_EVENTS))

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        leaves = self._store.leaves(after, until)
        if after == self._shown:
            self._shown = until
            self._take(self._events(leaves, after, until))
        return leaves

    def _events(self, leaves: Sequence[bytes], after: int, until: int) -> Sequence[StoredEvent]:
        found = [event for leaf in leaves if (event := event_of(leaf)) is not None]
        if len(found) == len(leaves):
            return found
        return self._store.events(after, until)

    # The rest is as it is.

    def state(self) -> TreeState:
        return self._store.state()

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        return self._store.events(after, until)

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        return self._store.stream_starts(category, after, limit)

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        return self._store.tiles(at)

    def signing_keys(self) -> Sequence[StoredKey]:
        return self._store.signing_keys()

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        return self._store.newest_checkpoint(at_most)

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        return self._store.checkpoints(after, limit)

    def lease(self, owner: str, seconds: float) -> bool:
        return self._store.lease(owner, seconds)

    def give_back(self, owner: str) -> None:
        self._store.give_back(owner)

    def seal(self, seal: Seal) -> None:
        self._store.seal(seal)
