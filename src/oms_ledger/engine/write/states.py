"""The writer's states: which streams are at hand, and whether they are up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

from oms_ledger.domain.registry import STATES
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.store import Loaded, SnapshotRow, Wanted
from oms_ledger.kernel import Ref, S, State

WHOLE = frozenset(name for name, kind in STATES.items() if kind.all_cached)


class Entry:
    """A cached state. `epoch` tells when it was last known to be up to date; `snapshot` is the
    version at which it was last saved."""

    __slots__ = ("epoch", "snapshot", "state")

    def __init__(self, state: State, epoch: int) -> None:
        self.state = state
        self.epoch = epoch
        self.snapshot = 0


class States:
    """A cache of folded streams; is what commands are `Given`.

    An epoch begins whenever somebody else has written: what was cached before must then be
    brought up to date before it is used. Two generations bound the memory: what was not used
    while `capacity` others were is forgotten.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.epoch = 0
        self._young: dict[str, Entry] = {}
        self._old: dict[str, Entry] = {}
        self._whole: dict[str, dict[str, State]] = {}
        self._whole_epoch = -1

    def drop(self) -> None:
        """Forget everything: after a failed commit the states are ahead of the log."""
        self._young.clear()
        self._old.clear()
        self._whole.clear()
        self._whole_epoch = -1
        self.epoch += 1

    def somebody_else_wrote(self) -> None:
        self.epoch += 1

    def age(self) -> None:
        """To be called between batches: nothing in use is ever forgotten."""
        if len(self._young) >= self.capacity:
            self._old, self._young = self._young, {}

    def _entry(self, stream: str) -> Entry | None:
        entry = self._young.get(stream)
        if entry is None:
            entry = self._old.pop(stream, None)
            if entry is not None:
                self._young[stream] = entry
        return entry

    def missing(self, refs: Iterable[Ref], *, refresh: bool = False) -> Wanted:
        """What must be read before these can be used: unknown streams and stale ones. With
        `refresh`, all of them, since somebody else is known to write too."""
        streams: dict[str, int] = {}
        young = self._young
        for kind, key in refs:
            stream = f"{kind.category}-{key}"
            entry = young.get(stream) or self._entry(stream)
            if entry is None:
                streams[stream] = 0
            elif refresh or entry.epoch != self.epoch:
                streams[stream] = entry.state.version
        whole = WHOLE if refresh or self._whole_epoch != self.epoch else frozenset[str]()
        return Wanted(streams, whole)

    def take(self, wanted: Wanted, loaded: Loaded) -> None:
        """Fold in what was read; now the wanted streams are up to date."""
        for snapshot in loaded.snapshots:
            self._restore(snapshot)
        for stream in wanted.streams:
            self._ensure(stream).epoch = self.epoch
        for row in loaded.events:
            state = self._ensure(row.stream).state
            if row.version > state.version:
                event, _ = codec.decode(row.topic, row.state)
                state.apply(event)
                state.version = row.version
        if wanted.categories:
            self._whole_epoch = self.epoch

    def _restore(self, snapshot: SnapshotRow) -> None:
        category = snapshot.stream.split("-", 1)[0]
        entry = self._add(snapshot.stream, codec.decode_state(category, snapshot.state))
        entry.snapshot = snapshot.version

    def _ensure(self, stream: str) -> Entry:
        entry = self._entry(stream)
        return self._add(stream, STATES[stream.split("-", 1)[0]]()) if entry is None else entry

    def _add(self, stream: str, state: State) -> Entry:
        entry = self._young[stream] = Entry(state, self.epoch)
        category, _, key = stream.partition("-")
        if category in WHOLE:
            self._whole.setdefault(category, {})[key] = state
        return entry

    def touch(self, stream: str) -> Entry:
        """The entry of a stream that is about to get an event."""
        return self._young.get(stream) or self._ensure(stream)

    # What a command sees.

    def state(self, kind: type[S], key: str) -> S:
        stream = f"{kind.category}-{key}"
        entry = self._young.get(stream) or self._entry(stream)
        return cast(S, entry.state) if entry is not None else kind()

    def all(self, kind: type[S]) -> Collection[S]:
        known = self._whole.get(kind.category, {}).values()
        return cast("list[S]", [state for state in known if state.version])
