"""Tiles in memory, as a source of proofs for pure tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

from oms_ledger.audit.tree.merkle import Coordinate, Tile, TreeBuilder, leaf_hashes
from tests.audit.tree import naive


class Shelf:
    def __init__(self) -> None:
        self.stored: dict[Coordinate, bytes] = {}

    def put(self, tiles: Collection[Tile]) -> None:
        self.stored.update((tile.at, tile.hashes) for tile in tiles)

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        return {each: self.stored[each] for each in at if each in self.stored}


@cache
def hashes() -> bytes:
    return leaf_hashes(naive.LEAVES)


def grown(size: int, step: int = 1000) -> tuple[TreeBuilder, Shelf]:
    """A tree of the first leaves, grown in steps, and all its tiles."""
    tree, shelf = TreeBuilder(), Shelf()
    for start in range(0, size, step):
        shelf.put(tree.append(hashes()[32 * start : 32 * min(size, start + step)]))
    shelf.put(tree.edge())
    return tree, shelf


@cache
def whole() -> tuple[TreeBuilder, Shelf]:
    return grown(len(naive.LEAVES), 4096)
