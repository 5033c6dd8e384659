"""The sealer: reads the log behind the sealed events, off the hot path, and signs a new root.

Tiles, tree and checkpoint are written in one transaction, provided that the tree has not grown
meanwhile. After a crash the last seal stands, and the next sealer continues from there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import structlog

from oms_ledger.audit.tree import keys, notes
from oms_ledger.audit.tree.merkle import HASH_BYTES, Tile, TreeBuilder, edge_of, leaf_hashes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.store import (
    Seal,
    SealConflict,
    StoredVerifierKey,
    TreeDamaged,
    TreeState,
    TreeStore,
)
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.engine.work.loops import WorkFailed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a sealer works. `page_events` are read and hashed at a time, followed by a pause of
    `rest` times the time that took. One checkpoint seals at most `seal_events`."""

    page_events: int = 2048
    seal_events: int = 131_072
    rest: float = 1.0


class Sealer:
    """Seals one ledger. Any number of workers may run one; `exclusive` lets one of them seal.

    `key_file` is the path of the private key, or a function of the ledger id that gives it; the
    file is created on first use. Used by one thread. Tests override the underscored steps to stop
    a sealer in the middle.
    """

    def __init__(
        self,
        store: TreeStore,
        ledger: str,
        key_file: Path | Callable[[str], Path],
        pace: Pace | None = None,
        on_seal: Callable[[int], None] = lambda size: None,
        exclusive: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._key_file = (lambda _: key_file) if isinstance(key_file, Path) else key_file
        self._pace = pace or Pace()
        self._on_seal = on_seal
        self._exclusive = exclusive
        self._tree: TreeBuilder | None = None
        self._key: SigningKey | None = None

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: one seal. False where another worker seals."""
        try:
            return self._next_seal(stop) is not None
        except TreeDamaged as error:
            raise WorkFailed(f"Nothing is sealed: {error}. Run `oms-ledger verify`.") from error
        except (Refused, NotFound) as error:  # of the file with the private key
            raise WorkFailed(error.detail) from error

    def catch_up(self, progress: Callable[[int, int], None] = lambda size, head: None) -> int:
        """Seal all events up to the present head, without pauses; the size of the tree then. Waits
        while another worker is sealing."""
        head = self._store.state().head
        while (size := self._store.state().size) < head:
            progress(size, head)
            if not self.step():
                time.sleep(0.05)
        progress(size, head)
        return size

    def step(self, stop: threading.Event | None = None) -> int:
        """Make one seal; the number of events it added. 0 where nothing is unsealed, or another
        worker is sealing. `TreeDamaged` where log or tree are not consistent; then nothing is
        signed. With `stop` it pauses between pages, and gives up once that is set."""
        return self._next_seal(stop) or 0

    def _next_seal(self, stop: threading.Event | None) -> int | None:
        """As `step`; None where another worker is sealing, or `stop` is set."""
        state = self._store.state()
        if state.head < state.size:
            raise TreeDamaged(f"the log ends at {state.head}, and {state.size} events are sealed")
        if state.head == state.size:
            return 0
        with self._exclusive() as acquired:
            if not acquired:
                return None
            try:
                return self._seal(state, stop) or None
            except SealConflict:
                log.info("seal_overtaken", size=state.size)
                self._tree = None
                return None

    def _seal(self, state: TreeState, stop: threading.Event | None) -> int:
        tree = self._sealed_tree(state)
        until = min(state.head, state.size + self._pace.seal_events)
        # An interrupted or overtaken sealing leaves the tree in memory ahead of the stored one.
        self._tree = None
        tiles: dict[tuple[int, int], Tile] = {}
        after = state.size
        while after < until:
            started = time.monotonic()
            page = min(until, after + self._pace.page_events)
            tiles.update((tile.at, tile) for tile in tree.append(self._hashes(after, page)))
            after = page
            if stop is not None and stop.wait(self._pace.rest * (time.monotonic() - started)):
                return 0
        tiles.update((tile.at, tile) for tile in tree.edge())
        self._write(state, tree, list(tiles.values()))
        self._tree = tree
        self._on_seal(tree.size)
        return tree.size - state.size

    def _hashes(self, after: int, until: int) -> bytes:
        leaves = self._store.leaves(after, until)
        if len(leaves) != until - after:
            raise TreeDamaged(
                f"of the events {after + 1} to {until} only {len(leaves)} are in the log"
            )
        return leaf_hashes(leaves)

    def _sealed_tree(self, state: TreeState) -> TreeBuilder:
        """The tree at the sealed size: the one in memory, or read from its right edge."""
        if self._tree is not None and self._tree.size == state.size:
            return self._tree
        edge = edge_of(state.size)
        stored = self._store.tiles([at for at, _ in edge])
        tree = TreeBuilder(state.size, [Tile(*at, stored.get(at, b"")) for at, _ in edge])
        whole = all(len(stored.get(at, b"")) == width * HASH_BYTES for at, width in edge)
        if not whole or tree.root() != state.root:
            if self._store.state().size != state.size:
                raise SealConflict  # another worker sealed between the two reads
            raise TreeDamaged(f"the tiles do not make the root of the {state.size} sealed events")
        return tree

    def _write(self, state: TreeState, tree: TreeBuilder, tiles: list[Tile]) -> None:
        key, first = self._signing_key(state)
        root = tree.root()
        note = notes.checkpoint(key.name, tree.size, root, key)
        self._store.seal(Seal(state.size, tree.size, root, tiles, note, first))

    def _signing_key(self, state: TreeState) -> tuple[SigningKey, StoredVerifierKey | None]:
        """The private key, and the key to store where it is the ledger's first."""
        stored = self._store.signing_keys()
        expected = stored[-1].key if stored else None
        if self._key is None or expected is None or self._key.verifier != expected:
            name = notes.origin(self._ledger, state.ledger_id)
            self._key = keys.signing_key(self._key_file(state.ledger_id), name, expected)
        return self._key, None if stored else StoredVerifierKey(self._key.verifier, state.size)
