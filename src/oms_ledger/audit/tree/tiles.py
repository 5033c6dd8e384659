"""The tree as static files below `/tile/` (c2sp.org/tlog-tiles).

Full tiles and full entry bundles never change. A partial tile is a prefix of the stored tile, so
that every partial tile for which there ever was a checkpoint can be served.
"""

from __future__ import annotations

import re
import struct

from oms_ledger.audit.tree.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH
from oms_ledger.audit.tree.store import TreeStore
from oms_ledger.domain.errors import NotFound

_PATH = re.compile(
    r"(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


def path(level: int | None, index: int, width: int = TILE_WIDTH) -> str:
    """The path of a tile below `/tile/`, or of an entry bundle where `level` is None."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"{'entries' if level is None else level}/{name}{partial}"


def parse_path(text: str) -> tuple[int | None, int, int]:
    """Level (None for entry bundles), index and width; `NotFound` for any other path."""
    match = _PATH.fullmatch(text)
    width = int(match[3] or TILE_WIDTH) if match else 0
    if match is None or width > TILE_WIDTH or (match[3] and width == TILE_WIDTH):
        raise NotFound(f"{text!r} is no tile. See c2sp.org/tlog-tiles for how they are named.")
    index = int(match[2].replace("/", "").replace("x", ""))
    level = None if match[1] == "entries" else int(match[1])
    if path(level, index, width) != text:
        raise NotFound(f"{text!r} is no tile: its index has needless zeroes.")
    return level, index, width


def resource(store: TreeStore, text: str) -> bytes:
    """The bytes at a path below `/tile/`. `NotFound` where the tree is still too small."""
    level, index, width = parse_path(text)
    entries = store.state().size >> (TILE_HEIGHT * (level or 0))
    if index * TILE_WIDTH + width > entries:
        raise NotFound(f"The tree has no tile {text} yet. Read the checkpoint for its size.")
    if level is None:
        return bundle(store, index, width)
    hashes = store.tiles([(level, index)]).get((level, index), b"")
    if len(hashes) < width * HASH_BYTES:
        raise NotFound(f"Tile {text} is missing. Run oms-ledger verify.")
    return hashes[: width * HASH_BYTES]


def bundle(store: TreeStore, index: int, width: int = TILE_WIDTH) -> bytes:
    """The entry bundle of a level 0 tile: its leaves, each behind its length in two bytes."""
    after = index * TILE_WIDTH
    leaves = store.leaves(after, after + width)
    if len(leaves) < width:
        raise NotFound(f"Events of bundle {index} are missing. Run oms-ledger verify.")
    return b"".join([struct.pack("!H", len(leaf)) + leaf for leaf in leaves])
