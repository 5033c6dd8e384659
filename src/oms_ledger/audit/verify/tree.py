"""Recompute the tree from the log, and say exactly what is not as it was sealed.

Three things are compared: each event's leaf with the leaf in its tile, each tile with those
below it, and the root with every checkpoint that was signed, in the database or kept outside.
Whoever changes an event unseen has to change all three, and cannot sign the last.
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

Progress = Callable[[int, int], None]


def verify_tree(
    store: TreeStore,
    origin: str,
    keys: Sequence[VerifierKey],
    anchors: Sequence[Anchor] = (),
    progress: Progress = lambda done, of: None,
    until: int | None = None,
) -> TreeReport:
    """Read the whole log and compare. `keys` are those that are trusted: bring them from
    outside, since whoever can change the log can change the keys that the database names.
    `anchors` are checkpoints kept outside: without one, a tail that was cut off together with
    its tiles and checkpoints leaves no trace. `progress` is told events done, of how many. With
    `until` only what stands up to that position, and what was signed of it, is looked at."""
    return _Verification(store, origin, keys).run(anchors, progress, until)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A root that was signed for a size; `place` is where it was kept, None in the database."""

    size: int
    root: bytes
    name: str
    place: str | None = None


@dataclass(slots=True)
class _Differing:
    """Roots that are not what was signed. After the first all later ones differ too: they are
    counted, not listed. `good` is the last that was right of the same kind: whoever has the key
    can make checkpoints in the database right, and not those kept outside."""

    kind: str
    marks: list[_Mark] = field(default_factory=list)
    good: int = 0

    def findings(self) -> Iterator[Finding]:
        if not self.marks:
            return
        first, more = self.marks[0], len(self.marks) - 1
        later = f" (and {more} later ones)" if more else ""
        yield Finding(
            self.kind,
            f"{first.name}{later} was signed for another history than this:"
            f" something among {events(self.good + 1, first.size)} is not what it was",
            self.good + 1,
            first.size,
        )


class _Verification:
    def __init__(self, store: TreeStore, origin: str, keys: Sequence[VerifierKey]) -> None:
        self._store = store
        self._state = state = store.state()
        self._report = TreeReport(origin, state.size, state.head)
        self._findings: list[Finding] = []
        self._keys = self._trusted(keys)
        self._leaves = LeafCheck(store, state.size, state.newest)
        self._tree = TreeBuilder()
        self._own = _Mark(state.size, state.root, "the stored tree")
        self._page, self._page_end = b"", 0
        self._unsigned: list[tuple[str, Unproven]] = []
        self._inside = _Differing("root_differs")
        self._outside = _Differing("anchor_differs")

    def run(self, anchors: Sequence[Anchor], progress: Progress, until: int | None) -> TreeReport:
        state = self._state
        if state.head != state.newest:
            self._find(
                "head_differs",
                f"the ledger counts {state.head} events, and the newest that is there is"
                f" {state.newest}",
            )
        outside = [mark for anchor in anchors if (mark := self._anchored(anchor))]
        marks: Iterable[_Mark] = heapq.merge(
            self._checkpoints(), sorted(outside, key=_size), [self._own], key=_size
        )
        last = max([state.size, *(m.size for m in outside if m.size <= state.newest)])
        if until is not None:
            last = min(last, until)
            marks = takewhile(lambda mark: mark.size <= last, marks)
        for mark in marks:
            if mark.size <= last:
                self._grow(mark.size, last, progress)
                self._compare(mark)
            else:
                self._beyond(mark)
        if until is not None:
            self._grow(last, last, progress)
        self._report.events = self._tree.size
        for part in (self._leaves, self._inside, self._outside):
            self._findings += part.findings()
        self._tell_unsigned()
        self._report.findings = self._findings
        return self._report

    def _find(self, kind: str, text: str, first: int = 0, last: int = 0) -> None:
        self._findings.append(Finding(kind, text, first, last))

    # Keys and checkpoints.

    def _trusted(self, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
        stored = self._store.signing_keys()
        try:
            known = trusted(keys, [key.rotation for key in stored if key.rotation])
        except Unproven as error:
            self._find("unknown_key", f"a change of keys is not signed as it must be: {error}")
            known = list(keys)
        for key in stored:
            if key.key not in known:
                self._find(
                    "unknown_key",
                    f"the database names the key {key.key}, and no trusted key handed over to it",
                )
        return known

    def _checkpoints(self) -> Iterator[_Mark]:
        after = (-1, -1)
        while page := self._store.checkpoints(after, CHECKPOINT_PAGE):
            for stored in page:
                self._report.checkpoints += 1
                name = f"the checkpoint of {stored.size} events"
                found = self._opened(name, stored.note)
                if found is not None and (found.size, found.root) != (stored.size, stored.root):
                    self._find("root_differs", f"{name} is filed under another size or root")
                if found is not None:
                    yield _Mark(stored.size, found.root, name)
            after = _key(page[-1])

    def _anchored(self, anchor: Anchor) -> _Mark | None:
        self._report.anchors += 1
        name = f"the checkpoint kept in {anchor.source}"
        found = self._opened(name, anchor.note)
        if found is None:
            return None
        return _Mark(found.size, found.root, f"{name} of {found.size} events", anchor.source)

    def _opened(self, name: str, note: str) -> Checkpoint | None:
        try:
            found = open_checkpoint(note, self._keys)
            if found.origin != self._report.origin:
                raise Unproven(f"it is of {found.origin}")
        except Unproven as error:
            self._unsigned.append((name, error))
            return None
        return found

    def _tell_unsigned(self) -> None:
        if self._unsigned:
            (name, error), more = self._unsigned[0], len(self._unsigned) - 1
            later = f" (and {more} more)" if more else ""
            self._find("bad_signature", f"{name}{later} does not count: {error}")

    # The tree.

    def _grow(self, size: int, last: int, progress: Progress) -> None:
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

    def _compare(self, mark: _Mark) -> None:
        same = self._tree.root() == mark.root
        if mark is self._own:
            self._check_tiles([t for t in self._tree.edge() if t.level])
            if not same:
                self._find("tile_changed", "the stored root does not follow from the tiles")
            return
        signed = self._outside if mark.place else self._inside
        if not same:
            signed.marks.append(mark)
        elif not signed.marks:
            signed.good = mark.size

    def _beyond(self, mark: _Mark) -> None:
        """Signed for more events than there are."""
        there = max(self._state.size, self._state.newest)
        if mark.size <= there:
            self._find("tree_shrank", f"{mark.name} is larger than the stored tree")
            return
        self._find(
            "truncated_tail",
            f"{events(there + 1, mark.size)} {be(there + 1, mark.size)} missing from the end:"
            f" {mark.name} was signed, and the log ends at {self._state.newest}",
            there + 1,
            mark.size,
        )


def _size(mark: _Mark) -> int:
    return mark.size


def _key(checkpoint: StoredCheckpoint) -> tuple[int, int]:
    return checkpoint.size, checkpoint.number
