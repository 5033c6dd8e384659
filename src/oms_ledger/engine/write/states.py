"""The writer's states: a cache of folded streams, and whether they are up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from oms_ledger.domain.registry import STATES
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.store import Loaded, SnapshotRow, Wanted
from oms_ledger.kernel import KeyGroup, Ref, S, State

WHOLE = frozenset(name for name, kind in STATES.items() if kind.all_cached)


ENTRY_BYTES = 800
"""What a cached state takes beside what its events say: the state, its entry, their names."""

BYTES_PER_STORED_BYTE = 4
"""What a folded event takes in memory for each byte of its stored JSON (measured on orders)."""


class Entry:
    """A cached state. `epoch` tells when it was last known to be up to date; `snapshot` is the
    version at which it was last saved; `stored` counts the bytes of the events folded into it."""

    __slots__ = ("epoch", "snapshot", "state", "stored")

    def __init__(self, state: State, epoch: int) -> None:
        self.state = state
        self.epoch = epoch
        self.snapshot = 0
        self.stored = 0

    @property
    def size(self) -> int:
        return ENTRY_BYTES + self.stored * BYTES_PER_STORED_BYTE


class _Group:
    """The last parts of the keys of a group's streams, as of an epoch."""

    __slots__ = ("epoch", "keys")

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.epoch = -1


class States:
    """A cache of folded streams; is what commands are `Given`.

    An epoch begins whenever somebody else has written: what was cached before must then be
    brought up to date before it is used. Two generations bound the memory: what was not used
    while `capacity` others, or others of `capacity_bytes`, were is dropped. So at most twice that
    is cached, and what one batch needs.
    """

    def __init__(self, capacity: int, capacity_bytes: int = 1 << 62) -> None:
        self.capacity = capacity
        self.capacity_bytes = capacity_bytes
        self.epoch = 0
        self._young_bytes = 0
        self._groups: dict[str, _Group] = {}
        self._young: dict[str, Entry] = {}
        self._old: dict[str, Entry] = {}
        self._whole: dict[str, dict[str, State]] = {}
        self._whole_epoch = -1

    def drop(self) -> None:
        """Forget everything: after a failed commit the states are ahead of the log."""
        self._young.clear()
        self._old.clear()
        self._whole.clear()
        self._groups.clear()
        self._young_bytes = 0
        self._whole_epoch = -1
        self.epoch += 1

    def somebody_else_wrote(self) -> None:
        self.epoch += 1

    def age(self) -> None:
        """To be called between batches: nothing in use is ever dropped."""
        if len(self._young) >= self.capacity or self._young_bytes >= self.capacity_bytes:
            self._old, self._young = self._young, {}
            self._young_bytes = 0
        if len(self._groups) >= self.capacity:
            self._groups.clear()

    @property
    def cached_bytes(self) -> int:
        """What all cached states take, by estimate."""
        return sum(entry.size for each in (self._young, self._old) for entry in each.values())

    def _entry(self, stream: str) -> Entry | None:
        entry = self._young.get(stream)
        if entry is None:
            entry = self._old.pop(stream, None)
            if entry is not None:
                self._young[stream] = entry
                self._young_bytes += entry.size
        return entry

    def missing(self, refs: Iterable[Ref], *, refresh: bool = False) -> Wanted:
        """What must be read before these can be used: unknown streams and stale ones. With
        `refresh`, all of them, since somebody else is known to write too."""
        streams: dict[str, int] = {}
        prefixes: dict[str, None] = {}
        young = self._young
        for stream in self._streams(refs, prefixes, refresh=refresh):
            entry = young.get(stream) or self._entry(stream)
            if entry is None:
                streams[stream] = 0
            elif refresh or entry.epoch != self.epoch:
                streams[stream] = entry.state.version
        whole = WHOLE if refresh or self._whole_epoch != self.epoch else frozenset[str]()
        return Wanted(streams, whole, prefixes=tuple(prefixes))

    def _streams(
        self, refs: Iterable[Ref], prefixes: dict[str, None], *, refresh: bool
    ) -> Iterable[str]:
        """The streams that are meant. Groups whose members are not known go to `prefixes`."""
        for kind, key in refs:
            stream = f"{kind.category}-{key}"
            if type(key) is not KeyGroup:
                yield stream
                continue
            group = self._groups.get(stream)
            if group is None or refresh or group.epoch != self.epoch:
                prefixes[stream] = None
            if group is not None:
                yield from (stream + last for last in group.keys)

    def take(self, wanted: Wanted, loaded: Loaded) -> None:
        """Fold in what was read; now the wanted streams are up to date."""
        for snapshot in loaded.snapshots:
            self._restore(snapshot)
        for stream in wanted.streams:
            self._ensure(stream).epoch = self.epoch
        for row in loaded.events:
            entry = self._ensure(row.stream)
            state = entry.state
            if row.version > state.version:
                event, _ = codec.decode(row.topic, row.state)
                state.apply(event)
                state.version = row.version
                self.add_bytes(entry, len(row.state))
        self._take_groups(wanted, loaded)
        if wanted.categories:
            self._whole_epoch = self.epoch

    def _restore(self, snapshot: SnapshotRow) -> None:
        category = snapshot.stream.split("-", 1)[0]
        entry = self._add(snapshot.stream, codec.decode_state(category, snapshot.state))
        entry.snapshot = snapshot.version
        self.add_bytes(entry, len(snapshot.state))

    def add_bytes(self, entry: Entry, stored: int) -> None:
        """Count what was folded into a young entry."""
        entry.stored += stored
        self._young_bytes += stored * BYTES_PER_STORED_BYTE

    def _take_groups(self, wanted: Wanted, loaded: Loaded) -> None:
        for prefix in wanted.prefixes:
            self._groups.setdefault(prefix, _Group()).epoch = self.epoch
        for stream in loaded.names:
            self._join_group(stream)

    def _join_group(self, stream: str) -> None:
        category, _, key = stream.partition("-")
        separator = STATES[category].group_separator
        if separator is not None:
            first, _, last = key.rpartition(separator)
            group = self._groups.get(f"{category}-{first}{separator}")
            if group is not None:
                group.keys.add(last)

    def _ensure(self, stream: str) -> Entry:
        entry = self._entry(stream)
        return self._add(stream, STATES[stream.split("-", 1)[0]]()) if entry is None else entry

    def _add(self, stream: str, state: State) -> Entry:
        entry = self._young[stream] = Entry(state, self.epoch)
        self._young_bytes += entry.size
        category, _, key = stream.partition("-")
        if category in WHOLE:
            self._whole.setdefault(category, {})[key] = state
        elif self._groups:
            self._join_group(stream)
        return entry

    def touch(self, stream: str) -> Entry:
        """The entry of a stream that is about to get an event. A stream that begins may have been
        cached empty before its group was read, so it joins the group here."""
        entry = self._young.get(stream) or self._ensure(stream)
        if self._groups and not entry.state.version:
            self._join_group(stream)
        return entry

    # What a command sees.

    def state(self, kind: type[S], key: str) -> S:
        if kind.all_cached:
            return cast(S, self._whole.get(kind.category, {}).get(key)) or kind()
        stream = f"{kind.category}-{key}"
        entry = self._young.get(stream) or self._entry(stream)
        return cast(S, entry.state) if entry is not None else kind()

    def all(self, kind: type[S]) -> Collection[S]:
        states = self._whole.get(kind.category, {}).values()
        return cast("list[S]", [state for state in states if state.version])

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        group = self._groups.get(f"{kind.category}-{prefix}")
        if group is None:
            return {}
        states = ((last, self.state(kind, prefix + last)) for last in group.keys)
        return {last: state for last, state in states if state.version}
