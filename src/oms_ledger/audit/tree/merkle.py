"""Builds the tree: leaf hashes in, tiles and roots out. RFC 6962 hashing, C2SP tiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from oms_ledger.audit.standalone.hashes import fold

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_HEIGHT = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES

Coordinate: TypeAlias = tuple[int, int]
"""Level and index of a tile: entry i of tile n at level l is the hash over the leaves from
(256 n + i) * 256^l on, 256^l of them."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: up to 256 `hashes` of one level, concatenated."""

    level: int
    index: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH_BYTES

    @property
    def end(self) -> int:
        """The number of leaves to the left of the tile's end."""
        return (self.index * TILE_WIDTH + self.width) << (TILE_HEIGHT * self.level)

    @property
    def at(self) -> Coordinate:
        return self.level, self.index


def leaf_hashes(leaves: Iterable[bytes]) -> bytes:
    """The concatenated hashes of leaves. Sealing and verification spend most of their time here and
    in `parents`."""
    return b"".join([sha256(b"\x00" + leaf).digest() for leaf in leaves])


def parents(hashes: bytes) -> bytes:
    """The hashes one level above an even number of concatenated hashes."""
    return b"".join(
        [sha256(b"\x01" + hashes[i : i + 64]).digest() for i in range(0, len(hashes), 64)]
    )


def perfect_root(hashes: bytes) -> bytes:
    """The root over 2^n concatenated hashes."""
    while len(hashes) > HASH_BYTES:
        hashes = parents(hashes)
    return hashes


def edge_of(size: int) -> list[tuple[Coordinate, int]]:
    """The partial tiles of a tree of this size, lowest first, with their widths."""
    partial, level = [], 0
    while size >> (TILE_HEIGHT * level):
        entries = size >> (TILE_HEIGHT * level)
        if width := entries % TILE_WIDTH:
            partial.append(((level, entries // TILE_WIDTH), width))
        level += 1
    return partial


class TreeBuilder:
    """A tree that is appended to. It holds only the right edge: the partial tile of each level."""

    def __init__(self, size: int = 0, edge: Iterable[Tile] = ()) -> None:
        self.size = size
        self._levels: list[bytes] = []
        for tile in edge:
            while len(self._levels) <= tile.level:
                self._levels.append(b"")
            self._levels[tile.level] = tile.hashes

    def append(self, hashes: bytes) -> list[Tile]:
        """Add concatenated leaf hashes; the tiles that became full."""
        self.size += len(hashes) // HASH_BYTES
        full: list[Tile] = []
        level = 0
        while hashes:
            if level == len(self._levels):
                self._levels.append(b"")
            hashes = self._levels[level] + hashes
            rest = len(hashes) % TILE_BYTES
            whole = len(hashes) - rest
            self._levels[level] = hashes[whole:]
            after = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            first = after - whole // TILE_BYTES
            made = [
                Tile(level, first + i, hashes[i * TILE_BYTES : (i + 1) * TILE_BYTES])
                for i in range(whole // TILE_BYTES)
            ]
            full += made
            hashes = b"".join([perfect_root(tile.hashes) for tile in made])
            level += 1
        return full

    def edge(self) -> list[Tile]:
        """The partial tiles, lowest level first."""
        return [
            Tile(level, (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH, hashes)
            for level, hashes in enumerate(self._levels)
            if hashes
        ]

    def root(self) -> bytes:
        """The root over all leaves so far."""
        nodes: list[bytes] = []
        for hashes in reversed(self._levels):
            nodes += _perfect_roots(hashes)
        return fold(nodes)


def _perfect_roots(hashes: bytes) -> Sequence[bytes]:
    """The roots of the perfect subtrees of a partial tile, largest first."""
    roots, width = [], len(hashes) // HASH_BYTES
    for bit in range(TILE_HEIGHT - 1, -1, -1):
        if width >> bit & 1:
            taken = HASH_BYTES << bit
            roots.append(perfect_root(hashes[:taken]))
            hashes = hashes[taken:]
    return roots
