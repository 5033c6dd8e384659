"""Recomputes the Merkle tree from the log and names what differs from what was sealed.

Three things are compared: each event's leaf hash with the one in its tile, each tile with the tiles
below it, and the root with every signed checkpoint, in the database or kept outside. To hide a
changed event, all three have to be changed, and the last needs the private key.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import Checkpoint, VerifierKey, open_checkpoint, trusted
from oms_ledger.audit.tree.merkle import HASH_BYTES, TILE_WIDTH, Tile, TreeBuilder
from oms_ledger.audit.tree.store import StoredCheckpoint, TreeStore
from oms_ledger.audit.verify.findings import Anchor, Finding, TreeReport, be, events
from oms_ledger.audit.verify.leaves import LeafCheck

PAGE_EVENTS = 16 * TILE_WIDTH

CHECKPOINT_PAGE = 500

TreeProgress = Callable[[int, int], None]
"""Called with the number of events read, and of events to read."""


def verify_tree(
    store: TreeStore,
    origin: str,
    keys: Sequence[VerifierKey],
    anchors: Sequence[Anchor] = (),
    progress: TreeProgress = lambda done, of: None,
    until: int | None = None,
) -> TreeReport:
    """Read the log and compare. `keys` are the trusted verifier keys, which should come from
    outside: an attacker who can change the log can also change the keys in the database.
    `anchors` are checkpoints kept outside: without one, a tail that was cut off together with its
    tiles and checkpoints leaves no trace. With `until`, only events up to that position and
    checkpoints of them are compared."""
    return _TreeVerification(store, origin, keys).run(anchors, progress, until)


@dataclass(frozen=True, slots=True)
class _SignedRoot:
    """A root and the tree size it was signed for. `name` is for messages; `source` is the anchor
    store, None for the database."""

    size: int
    root: bytes
    name: str
    source: str | None = None


@dataclass(slots=True)
class _Mismatches:
    """Signed roots that differ from the computed ones. After the first one all later ones differ
    too: they are counted, not listed. `good` is the largest size that agreed before. Checkpoints in
    the database and anchors are counted apart, since the private key allows only the former to be
    replaced."""

    kind: str
    roots: list[_SignedRoot] = field(default_factory=list)
    good: int = 0

    def findings(self) -> Iterator[Finding]:
        if not self.roots:
            return
        first, more = self.roots[0], len(self.roots) - 1
        later = f" (and {more} later ones)" if more else ""
        yield Finding(
            self.kind,
            f"{first.name}{later} was signed for another history than this:"
            f" something among {events(self.good + 1, first.size)} is not what it was",
            self.good + 1,
            first.size,
        )


class _TreeVerification:
    def __init__(self, store: TreeStore, origin: str, keys: Sequence[VerifierKey]) -> None:
        self._store = store
        self._state = state = store.state()
        self._report = TreeReport(origin, state.size, state.head)
        self._findings: list[Finding] = []
        self._keys = self._trusted(keys)
        self._leaves = LeafCheck(store, state.size, state.newest)
        self._tree = TreeBuilder()
        self._own = _SignedRoot(state.size, state.root, "the stored tree")
        self._page, self._page_end = b"", 0
        self._unsigned: list[tuple[str, Unproven]] = []
        self._inside = _Mismatches("root_differs")
        self._outside = _Mismatches("anchor_differs")

    def run(
        self, anchors: Sequence[Anchor], progress: TreeProgress, until: int | None
    ) -> TreeReport:
        state = self._state
        if state.head != state.newest:
            self._find(
                "head_differs",
                f"the ledger counts {state.head} events, and the newest that is there is"
                f" {state.newest}",
            )
        outside = [signed for anchor in anchors if (signed := self._anchored(anchor))]
        roots: Iterable[_SignedRoot] = heapq.merge(
            self._checkpoints(), sorted(outside, key=_size), [self._own], key=_size
        )
        last = max([state.size, *(s.size for s in outside if s.size <= state.newest)])
        if until is not None:
            last = min(last, until)
            roots = takewhile(lambda signed: signed.size <= last, roots)
        for signed in roots:
            if signed.size <= last:
                self._grow(signed.size, last, progress)
                self._compare(signed)
            else:
                self._beyond(signed)
        if until is not None:
            self._grow(last, last, progress)
        self._report.events = self._tree.size
        for part in (self._leaves, self._inside, self._outside):
            self._findings += part.findings()
        self._report_unsigned()
        self._report.findings = self._findings
        return self._report

    def _find(self, kind: str, text: str, first: int = 0, last: int = 0) -> None:
        self._findings.append(Finding(kind, text, first, last))

    # Keys and checkpoints.

    def _trusted(self, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
        """The trusted keys and those they handed over to, by the rotation notes in the database."""
        stored = self._store.signing_keys()
        try:
            all_trusted = trusted(keys, [key.rotation for key in stored if key.rotation])
        except Unproven as error:
            self._find("unknown_key", f"a change of keys is not signed as it must be: {error}")
            all_trusted = list(keys)
        for key in stored:
            if key.key not in all_trusted:
                self._find(
                    "unknown_key",
                    f"the database names the key {key.key}, and no trusted key handed over to it",
                )
        return all_trusted

    def _checkpoints(self) -> Iterator[_SignedRoot]:
        after = (-1, -1)
        while page := self._store.checkpoints(after, CHECKPOINT_PAGE):
            for stored in page:
                self._report.checkpoints += 1
                name = f"the checkpoint of {stored.size} events"
                opened = self._opened(name, stored.note)
                if opened is not None and (opened.size, opened.root) != (stored.size, stored.root):
                    self._find("root_differs", f"{name} is filed under another size or root")
                if opened is not None:
                    yield _SignedRoot(stored.size, opened.root, name)
            after = _key(page[-1])

    def _anchored(self, anchor: Anchor) -> _SignedRoot | None:
        self._report.anchors += 1
        name = f"the checkpoint kept in {anchor.source}"
        opened = self._opened(name, anchor.note)
        if opened is None:
            return None
        title = f"{name} of {opened.size} events"
        return _SignedRoot(opened.size, opened.root, title, anchor.source)

    def _opened(self, name: str, note: str) -> Checkpoint | None:
        try:
            checkpoint = open_checkpoint(note, self._keys)
            if checkpoint.origin != self._report.origin:
                raise Unproven(f"it is of {checkpoint.origin}")
        except Unproven as error:
            self._unsigned.append((name, error))
            return None
        return checkpoint

    def _report_unsigned(self) -> None:
        if self._unsigned:
            (name, error), more = self._unsigned[0], len(self._unsigned) - 1
            later = f" (and {more} more)" if more else ""
            self._find("bad_signature", f"{name}{later} does not count: {error}")

    # The tree.

    def _grow(self, size: int, last: int, progress: TreeProgress) -> None:
        while self._tree.size < size:
            start = self._tree.size
            if start == self._page_end:
                self._page_end = min(last, start + PAGE_EVENTS)
                self._page = self._leaves.page(start, self._page_end)
                progress(self._page_end, last)
            taken = min(size, self._page_end) - start
            chunk, self._page = self._page[: taken * HASH_BYTES], self._page[taken * HASH_BYTES :]
            self._check_tiles([t for t in self._tree.append(chunk) if t.level])

    def _check_tiles(self, made: Sequence[Tile]) -> None:
        if not made:
            return
        stored = self._store.tiles([tile.at for tile in made])
        for tile in made:
            if stored.get(tile.at) != tile.hashes and tile.end <= self._state.size:
                self._find(
                    "tile_changed",
                    f"tile {tile.index} of level {tile.level} does not follow from the tiles"
                    " below it",
                )

    def _compare(self, signed: _SignedRoot) -> None:
        same = self._tree.root() == signed.root
        if signed is self._own:
            self._check_tiles([t for t in self._tree.edge() if t.level])
            if not same:
                self._find("tile_changed", "the stored root does not follow from the tiles")
            return
        mismatches = self._outside if signed.source else self._inside
        if not same:
            mismatches.roots.append(signed)
        elif not mismatches.roots:
            mismatches.good = signed.size

    def _beyond(self, signed: _SignedRoot) -> None:
        """Report a root that was signed for more events than there are."""
        there = max(self._state.size, self._state.newest)
        if signed.size <= there:
            self._find("tree_shrank", f"{signed.name} is larger than the stored tree")
            return
        self._find(
            "truncated_tail",
            f"{events(there + 1, signed.size)} {be(there + 1, signed.size)} missing from the end:"
            f" {signed.name} was signed, and the log ends at {self._state.newest}",
            there + 1,
            signed.size,
        )


def _size(signed: _SignedRoot) -> int:
    return signed.size


def _key(checkpoint: StoredCheckpoint) -> tuple[int, int]:
    return checkpoint.size, checkpoint.number
