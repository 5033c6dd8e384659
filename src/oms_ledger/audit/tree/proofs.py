"""Inclusion and consistency proofs, made from stored tiles.

A proof is a list of hashes over ranges of leaves. Each range splits into perfect subtrees, and each
subtree lies in one tile, so that a proof reads a handful of tiles however long the log is.
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

LeafRange = tuple[int, int]
"""Indexes of leaves: from the first up to, and without, the second."""


def inclusion_path(index: int, size: int) -> list[LeafRange]:
    """The ranges whose hashes prove leaf `index` in a tree of `size`. RFC 6962, 2.1.1."""
    path: list[LeafRange] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int) -> list[LeafRange]:
    """The ranges whose hashes prove that the tree of `old` leaves is a beginning of that of `new`.
    RFC 6962, 2.1.2."""
    path: list[LeafRange] = []
    if old in (0, new):
        return path
    start, end = 0, new
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return path[::-1]


def split(size: int) -> int:
    """Leaves in the left half: the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass
class RangeHashes:
    """Computes hashes over ranges of leaves from tiles. Up to 256 tiles are cached: full ones never
    change, partial ones are read again when more of them is needed."""

    source: TileSource
    _tiles: dict[Coordinate, bytes] = field(default_factory=dict)

    def over(self, ranges: Sequence[LeafRange]) -> list[bytes]:
        """The hash over each range. `TreeDamaged` where a tile is missing or too short."""
        parts = [list(_subtrees(r)) for r in ranges]
        self._load([subtree for subtrees in parts for subtree in subtrees])
        return [fold([self._node(subtree) for subtree in subtrees]) for subtrees in parts]

    def _load(self, subtrees: Iterable[_Subtree]) -> None:
        missing = {s.at for s in subtrees if len(self._tiles.get(s.at, b"")) < s.end}
        if missing:
            if len(self._tiles) > 256:
                missing = {s.at for s in subtrees}
                self._tiles.clear()
            self._tiles.update(self.source.tiles(missing))

    def _node(self, subtree: _Subtree) -> bytes:
        hashes = self._tiles.get(subtree.at, b"")
        if len(hashes) < subtree.end:
            level, index = subtree.at
            raise TreeDamaged(f"tile {index} of level {level} lacks hashes it once had")
        return perfect_root(hashes[subtree.start : subtree.end])


class _Subtree(NamedTuple):
    """A perfect subtree: the coordinate of its tile, and the range of bytes in the tile."""

    at: Coordinate
    start: int
    end: int


def _subtrees(leaves: LeafRange) -> Iterator[_Subtree]:
    for start, height in perfect_parts(*leaves):
        level = height // TILE_HEIGHT
        entry = start >> (TILE_HEIGHT * level)
        first = entry % TILE_WIDTH
        last = first + (1 << (height % TILE_HEIGHT))
        yield _Subtree((level, entry // TILE_WIDTH), first * HASH_BYTES, last * HASH_BYTES)


class Prover:
    """Makes proofs against sealed trees. `Invalid` names the parameter that is out of range.
    Used by one thread at a time; cheap to create."""

    def __init__(self, store: TreeStore) -> None:
        self._store = store
        self._hashes = RangeHashes(store)

    def checkpoint(self) -> StoredCheckpoint:
        """The newest signed checkpoint; `NotFound` before the first seal."""
        checkpoint = self._store.newest_checkpoint()
        if checkpoint is None:
            raise NotFound("Nothing has been sealed yet. Start a worker; it takes a second.")
        return checkpoint

    def inclusion(self, position: int, tree_size: int | None = None) -> dict[str, Json]:
        """The proof that the event at `position` is in the tree of the first `tree_size` events (by
        default those of the newest checkpoint), with the leaf bytes that are hashed."""
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
        """The inclusion proof of leaf `index` in the tree of `size` leaves."""
        return self._hashes.over(inclusion_path(index, size))

    def consistency(self, first: int, second: int | None = None) -> dict[str, Json]:
        """The proof that the tree of `first` events is a beginning of the tree of `second` (by
        default that of the newest checkpoint). The API calls the parameters `from` and `to`."""
        size = self._size("to", second)
        if not 0 <= first <= size:
            raise _invalid("from", f"must be from 0 to the later tree's size, {size}")
        hashes = self.consistency_hashes(first, size)
        return {"from": first, "to": size, "hashes": [b64(h) for h in hashes]}

    def consistency_hashes(self, old: int, new: int) -> list[bytes]:
        """The consistency proof between the trees of `old` and of `new` leaves."""
        return self._hashes.over(consistency_path(old, new))

    def parts(self, start: int, end: int) -> list[bytes]:
        """The hashes of the perfect subtrees of the leaves from `start` up to `end`."""
        return self._hashes.over(
            [(at, at + (1 << height)) for at, height in perfect_parts(start, end)]
        )

    def root(self, size: int) -> bytes:
        """The root of the tree of this size, computed from its tiles."""
        return self._hashes.over([(0, size)])[0]

    def _size(self, name: str, wanted: int | None) -> int:
        if wanted is None:
            return self.checkpoint().size
        sealed = self._store.state().size
        if not 0 <= wanted <= sealed:
            raise _invalid(name, f"must be from 0 to {sealed}, the number of events sealed so far")
        return wanted


def checkpoint_json(checkpoint: StoredCheckpoint) -> Mapping[str, Json]:
    """A checkpoint as JSON; the signed text is `note`."""
    return {"size": checkpoint.size, "root": b64(checkpoint.root), "note": checkpoint.note}


def _invalid(name: str, why: str) -> Invalid:
    return Invalid(f"{name}: {why}.", errors=[{"field": name, "message": why}])
