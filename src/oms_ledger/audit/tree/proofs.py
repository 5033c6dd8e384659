"""Proofs made from stored tiles, and the answers of the API that carry them.

A proof is some hashes over ranges of leaves; each range falls into perfect subtrees, and each
of those lies in one tile. So a proof reads a handful of tiles, however long the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from oms_ledger.audit.standalone.hashes import b64, fold, perfect_parts
from oms_ledger.audit.tree.merkle import (
    HASH_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Coordinate,
    perfect_root,
)
from oms_ledger.audit.tree.store import StoredCheckpoint, TileSource, TreeDamaged, TreeStore
from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.kernel import Json

Leaves = tuple[int, int]
"""From this leaf up to, and without, that one."""


def inclusion_path(index: int, size: int) -> list[Leaves]:
    """The ranges whose hashes prove leaf `index` in a tree of `size`. RFC 6962, 2.1.1."""
    found: list[Leaves] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_path(old: int, new: int) -> list[Leaves]:
    """The ranges whose hashes prove that a tree of `old` leaves began the one of `new`.
    RFC 6962, 2.1.2."""
    found: list[Leaves] = []
    if old in (0, new):
        return found
    start, end = 0, new
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        found.append((start, end))
    return found[::-1]


def split(size: int) -> int:
    """Leaves in the left half: the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass
class Hashes:
    """Hashes over ranges of leaves, out of tiles. Some hundred tiles are kept once they were
    read: full ones never change, partial ones are read again when more of them is needed."""

    source: TileSource
    _tiles: dict[Coordinate, bytes] = field(default_factory=dict)

    def over(self, ranges: Sequence[Leaves]) -> list[bytes]:
        """`TreeDamaged` where a tile is missing or too short."""
        placed = [list(_places(r)) for r in ranges]
        self._load([place for places in placed for place in places])
        return [fold([self._node(place) for place in places]) for places in placed]

    def _load(self, places: Iterable[_Place]) -> None:
        missing = {p.at for p in places if len(self._tiles.get(p.at, b"")) < p.end}
        if missing:
            if len(self._tiles) > 256:
                missing = {p.at for p in places}
                self._tiles.clear()
            self._tiles.update(self.source.tiles(missing))

    def _node(self, place: _Place) -> bytes:
        hashes = self._tiles.get(place.at, b"")
        if len(hashes) < place.end:
            level, index = place.at
            raise TreeDamaged(f"tile {index} of level {level} lacks hashes it once had")
        return perfect_root(hashes[place.start : place.end])


class _Place(NamedTuple):
    """Where a perfect subtree lies: tile, and the bytes in it."""

    at: Coordinate
    start: int
    end: int


def _places(leaves: Leaves) -> Iterator[_Place]:
    for start, height in perfect_parts(*leaves):
        level = height // TILE_HEIGHT
        entry = start >> (TILE_HEIGHT * level)
        first = entry % TILE_WIDTH
        last = first + (1 << (height % TILE_HEIGHT))
        yield _Place((level, entry // TILE_WIDTH), first * HASH_BYTES, last * HASH_BYTES)


class Prover:
    """Answers with proofs against trees that have been sealed. Refusals name the parameter.
    Used by one thread at a time; cheap to make."""

    def __init__(self, store: TreeStore) -> None:
        self._store = store
        self._hashes = Hashes(store)

    def checkpoint(self) -> StoredCheckpoint:
        """The newest signed checkpoint; `NotFound` before anything was sealed."""
        found = self._store.newest_checkpoint()
        if found is None:
            raise NotFound("Nothing has been sealed yet. Start a worker; it takes a second.")
        return found

    def inclusion(self, position: int, tree_size: int | None = None) -> dict[str, Json]:
        """That the event at `position` is in the tree of the first `tree_size` events (by
        default the newest checkpoint's), with the very bytes that are hashed."""
        size = self._size("tree_size", tree_size)
        if not 1 <= position <= size:
            raise _invalid("position", f"must be from 1 to the tree's size, {size}")
        leaves = self._store.leaves(position - 1, position)
        if not leaves:
            raise NotFound(f"Event {position} is missing. Run oms-ledger verify.")
        return {
            "position": position,
            "leaf": b64(bytes(leaves[0])),
            "tree_size": size,
            "hashes": [b64(h) for h in self.inclusion_hashes(position - 1, size)],
        }

    def inclusion_hashes(self, index: int, size: int) -> list[bytes]:
        return self._hashes.over(inclusion_path(index, size))

    def consistency(self, first: int, second: int | None = None) -> dict[str, Json]:
        """That the tree of `first` events began the tree of `second` (by default the newest
        checkpoint's). The parameters are called from and to outside."""
        size = self._size("to", second)
        if not 0 <= first <= size:
            raise _invalid("from", f"must be from 0 to the later tree's size, {size}")
        hashes = self.consistency_hashes(first, size)
        return {"from": first, "to": size, "hashes": [b64(h) for h in hashes]}

    def consistency_hashes(self, old: int, new: int) -> list[bytes]:
        return self._hashes.over(consistency_path(old, new))

    def parts(self, start: int, end: int) -> list[bytes]:
        """The hashes of the perfect subtrees that these leaves fall into."""
        return self._hashes.over(
            [(at, at + (1 << height)) for at, height in perfect_parts(start, end)]
        )

    def root(self, size: int) -> bytes:
        """The root of the tree of this size, out of its tiles."""
        return self._hashes.over([(0, size)])[0]

    def _size(self, name: str, wanted: int | None) -> int:
        if wanted is None:
            return self.checkpoint().size
        sealed = self._store.state().size
        if not 0 <= wanted <= sealed:
            raise _invalid(name, f"must be from 0 to {sealed}, the number of events sealed so far")
        return wanted


def checkpoint_answer(found: StoredCheckpoint) -> Mapping[str, Json]:
    """A checkpoint for people who want JSON; the signed text is `note`."""
    return {"size": found.size, "root": b64(found.root), "note": found.note}


def _invalid(name: str, why: str) -> Invalid:
    return Invalid(f"{name}: {why}.", errors=[{"field": name, "message": why}])
