"""Compares the leaf hash of each event with the one in its tile, and names the changed events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from oms_ledger.audit.standalone.hashes import leaf, leaf_hash
from oms_ledger.audit.tree.merkle import (
    HASH_BYTES,
    TILE_BYTES,
    TILE_WIDTH,
    leaf_hashes,
    perfect_root,
)
from oms_ledger.audit.tree.store import StoredEvent, TreeStore
from oms_ledger.audit.verify.findings import Finding, PositionRanges, be, events, shortened

SWAPS_AMONG = 64
"""The most changed events among which swapped pairs are searched, trying every pair."""

_POSITION = slice(6, 14)
"""The bytes of a leaf that hold the event's position."""


class LeafCheck:
    """Reads the log page by page and compares it with the `size` sealed leaves. `newest` is the
    position of the newest event in the log. The hashes it returns, for building the tree, are the
    sealed ones, so that one changed event does not make every hash above it differ."""

    def __init__(self, store: TreeStore, size: int, newest: int) -> None:
        self._store = store
        self._size = size
        self._newest = newest
        self._missing = PositionRanges()
        self._changed = PositionRanges()
        self._sealed: dict[int, bytes] = {}
        self._tiles: list[Finding] = []

    def page(self, after: int, until: int) -> bytes:
        """The leaf hashes of the events in (after, until]; `after` begins a tile."""
        leaves = self._store.leaves(after, until)
        stored = self._stored(after, min(until, self._size))
        if len(leaves) == until - after:
            hashes = leaf_hashes(leaves)
            if hashes.startswith(stored):  # all of the page, or all of it that is sealed
                return hashes
        return self._compare(after, until, _by_position(leaves), stored)

    def _stored(self, after: int, until: int) -> bytes:
        """The sealed hashes, from tiles; cut short where a tile is missing or too short."""
        first = after // TILE_WIDTH
        wanted = range(first, -(-until // TILE_WIDTH))
        tiles = self._store.tiles([(0, index) for index in wanted])
        parts: list[bytes] = []
        for index in wanted:
            hashes = tiles.get((0, index), b"")[: HASH_BYTES * (until - index * TILE_WIDTH)]
            parts.append(hashes)
            width = min(TILE_WIDTH, until - index * TILE_WIDTH)
            if len(hashes) != width * HASH_BYTES:
                self._tiles.append(Finding("tile_missing", f"tile {index} of level 0 is missing"))
                break
        return b"".join(parts)

    def _compare(self, after: int, until: int, actual: Mapping[int, bytes], stored: bytes) -> bytes:
        kept: list[bytes] = []
        for start in range(after, until, TILE_WIDTH):
            end = min(until, start + TILE_WIDTH)
            tile = stored[(start - after) * HASH_BYTES : (end - after) * HASH_BYTES]
            now = b"".join([actual.get(p, bytes(HASH_BYTES)) for p in range(start + 1, end + 1)])
            if self._tile_was_changed(start // TILE_WIDTH, tile, now):
                kept.append(now)
                continue
            kept.append(tile + now[len(tile) :])
            for position in range(start + 1, end + 1):
                at = (position - 1 - start) * HASH_BYTES
                self._compare_leaf(position, actual.get(position), tile[at : at + HASH_BYTES])
        return b"".join(kept)

    def _compare_leaf(self, position: int, actual: bytes | None, sealed: bytes) -> None:
        if actual is None:
            self._missing.add(position)
        elif sealed and actual != sealed:
            self._changed.add(position)
            if len(self._sealed) <= SWAPS_AMONG:
                self._sealed[position] = sealed

    def _tile_was_changed(self, index: int, tile: bytes, now: bytes) -> bool:
        """Whether a full tile was changed and its events were not: the hash in the tile above is
        then that of the events."""
        if tile == now or len(tile) != TILE_BYTES:
            return False
        at = (1, index // TILE_WIDTH)
        entry = index % TILE_WIDTH * HASH_BYTES
        above = self._store.tiles([at]).get(at, b"")[entry : entry + HASH_BYTES]
        if perfect_root(tile) == above or perfect_root(now) != above:
            return False
        text = f"tile {index} of level 0 has been changed; the events below it are as sealed"
        self._tiles.append(Finding("tile_changed", text))
        return True

    def findings(self) -> Iterator[Finding]:
        yield from self._tiles
        yield from shortened("missing_event", (self._gap(*each) for each in self._missing.ranges))
        swapped = self._swapped()
        for a, b in swapped:
            yield Finding("swapped_events", f"events {a} and {b} have been swapped", a, b)
        changed = _without(
            self._changed.ranges, {position for pair in swapped for position in pair}
        )
        yield from shortened("changed_event", (_changed(*each) for each in changed))

    def _gap(self, first: int, last: int) -> Finding:
        named, are = events(first, last), be(first, last)
        if first > self._newest:
            text = (
                f"{named} {are} missing from the end: the log ends at {self._newest}, and"
                f" {self._size} events are sealed"
            )
            return Finding("truncated_tail", text, first, last)
        return Finding("missing_event", f"{named} {are} missing from the log", first, last)

    def _swapped(self) -> list[tuple[int, int]]:
        if len(self._sealed) > SWAPS_AMONG:
            return []
        rows = {p: row for p in self._sealed for row in self._store.events(p - 1, p)}
        return [(a, b) for a, b in combinations(rows, 2) if self._are_swapped(rows[a], rows[b])]

    def _are_swapped(self, a: StoredEvent, b: StoredEvent) -> bool:
        """Whether both events have the sealed hashes once their fields are exchanged: all fields,
        or type and state, or the state alone."""
        for fields in (("stream", "version", "type", "state"), ("type", "state"), ("state",)):
            a_before = a._replace(**{name: getattr(b, name) for name in fields})
            b_before = b._replace(**{name: getattr(a, name) for name in fields})
            if all(leaf_hash(leaf(*e)) == self._sealed[e.position] for e in (a_before, b_before)):
                return True
        return False


def _by_position(leaves: Sequence[bytes]) -> dict[int, bytes]:
    return {int.from_bytes(each[_POSITION], "big"): leaf_hash(bytes(each)) for each in leaves}


def _without(ranges: Sequence[tuple[int, int]], removed: set[int]) -> list[tuple[int, int]]:
    if not removed:
        return list(ranges)
    left = PositionRanges()
    for first, last in ranges:
        for position in range(first, last + 1):
            if position not in removed:
                left.add(position)
    return left.ranges


def _changed(first: int, last: int) -> Finding:
    have = be(first, last, "has", "have")
    return Finding(
        "changed_event",
        f"{events(first, last)} {have} been changed: the bytes in the log are not those that"
        " were sealed",
        first,
        last,
    )
