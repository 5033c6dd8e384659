"""The writer's cache of folded streams."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from oms_ledger.domain.registry import STATES
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.store import FoldedStream, LoadedRows, LoadRequest
from oms_ledger.kernel import Command, Context, KeyGroup, Ref, S, State

ALL_CACHED = frozenset(name for name, kind in STATES.items() if kind.all_cached)

ENTRY_BYTES = 800
"""Memory of a cached state apart from its content: the objects and the names of its stream."""

BYTES_PER_STORED_BYTE = 4
"""Memory of a folded event for each byte of its stored JSON (measured on orders)."""


class CachedState:
    """A state in the cache. `epoch`: the last epoch in which it was up to date. `snapshot`: the
    version of its newest snapshot. `stored`: bytes of the stored events that it holds. `grows` is
    that of the state."""

    __slots__ = ("epoch", "grows", "snapshot", "state", "stored")

    def __init__(self, state: State, epoch: int) -> None:
        self.state = state
        self.grows = state.grows
        self.epoch = epoch
        self.snapshot = 0
        self.stored = 0

    def hold(self, stored: int) -> int:
        """Note that an event of `stored` bytes was folded in; how many bytes more are held. A state
        that does not grow (`State.grows`) holds at most its largest event: a stock level stays a
        few counters after a million of them."""
        more = stored if self.grows else stored - self.stored
        if more <= 0:
            return 0
        self.stored += more
        return more

    @property
    def size(self) -> int:
        """Bytes of memory, estimated."""
        return ENTRY_BYTES + self.stored * BYTES_PER_STORED_BYTE


class _Group:
    """The streams of a group by the last parts of their keys, complete as of `epoch`."""

    __slots__ = ("epoch", "streams")

    def __init__(self) -> None:
        self.streams: dict[str, str] = {}
        self.epoch = -1


class StateCache:
    """A cache of folded streams; the `kernel.Given` of commands.

    An epoch begins when another writer has appended to the log: states of earlier epochs are
    loaded again before they are used. The cache has two generations, `_young` and `_old`, so that
    its memory is bounded: a state that is not used while the young generation fills up, to
    `capacity` states or `capacity_bytes`, is evicted. At most twice that is cached, and what one
    batch needs.
    """

    def __init__(self, capacity: int, capacity_bytes: int = 1 << 62) -> None:
        self.capacity = capacity
        self.capacity_bytes = capacity_bytes
        self.epoch = 0
        self._young_bytes = 0
        self._groups: dict[str, _Group] = {}
        self._young: dict[str, CachedState] = {}
        self._old: dict[str, CachedState] = {}
        self._looked_up: dict[type[State], dict[str, State]] = {}  # of the young generation
        self._all_states: dict[str, dict[str, State]] = {}
        self._all_states_epoch = -1

    def clear(self) -> None:
        """Remove all states: after a failed commit they are ahead of the log."""
        self._young.clear()
        self._old.clear()
        self._looked_up.clear()
        self._all_states.clear()
        self._groups.clear()
        self._young_bytes = 0
        self._all_states_epoch = -1
        self.epoch += 1

    def begin_epoch(self) -> None:
        """Another writer has appended: every state may be stale."""
        self.epoch += 1

    def evict(self) -> None:
        """Start a new generation when the young one is full. Call between batches, so that no state
        in use is evicted."""
        if len(self._young) >= self.capacity or self._young_bytes >= self.capacity_bytes:
            self._old, self._young = self._young, {}
            self._looked_up.clear()
            self._young_bytes = 0
        if len(self._groups) >= self.capacity:
            self._groups.clear()

    @property
    def cached_bytes(self) -> int:
        """Memory of all cached states, estimated."""
        return sum(entry.size for each in (self._young, self._old) for entry in each.values())

    def _cached(self, stream: str) -> CachedState | None:
        entry = self._young.get(stream)
        if entry is None:
            entry = self._old.pop(stream, None)
            if entry is not None:
                self._young[stream] = entry
                self._young_bytes += entry.size
        return entry

    def missing(self, refs: Iterable[Ref], *, refresh: bool = False) -> LoadRequest:
        """The request for the streams of `refs` that are not cached or stale. With `refresh`, for
        all of them, because another writer is active."""
        streams: dict[str, int] = {}
        prefixes: dict[str, None] = {}
        young, epoch = self._young, self.epoch
        for kind, key in refs:
            name = f"{kind.category}-{key}"
            names: Iterable[str] = (name,)
            if type(key) is KeyGroup:
                names = self._members(name, prefixes, refresh=refresh)
            for stream in names:
                entry = young.get(stream) or self._cached(stream)
                if entry is None:
                    streams[stream] = 0
                elif refresh or entry.epoch != epoch:
                    streams[stream] = entry.state.version
        categories = (
            ALL_CACHED if refresh or self._all_states_epoch != self.epoch else frozenset[str]()
        )
        return LoadRequest(streams, categories, prefixes=tuple(prefixes))

    def _members(self, prefix: str, prefixes: dict[str, None], *, refresh: bool) -> Iterable[str]:
        """The names of a group's streams. A group whose members are not cached, or stale, is added
        to `prefixes`."""
        group = self._groups.get(prefix)
        if group is None or refresh or group.epoch != self.epoch:
            prefixes[prefix] = None
        return group.streams.values() if group is not None else ()

    def load(self, request: LoadRequest, result: LoadedRows) -> None:
        """Fold the result of a request; the requested streams are up to date then."""
        for snapshot in result.snapshots:
            self._restore(snapshot)
        for stream in request.streams:
            self._cached_or_new(stream).epoch = self.epoch
        for row in result.events:
            entry = self._cached_or_new(row.stream)
            state = entry.state
            if row.version > state.version:
                event, _ = codec.decode(row.topic, row.state)
                state.apply(event)
                state.version = row.version
                self.add_bytes(entry, len(row.state))
        self._load_groups(request, result)
        if request.categories:
            self._all_states_epoch = self.epoch

    def _restore(self, snapshot: FoldedStream) -> None:
        self._looked_up.clear()
        entry = self._add(snapshot.stream, snapshot.state)
        entry.snapshot = snapshot.version
        self.add_bytes(entry, snapshot.size)

    def add_bytes(self, entry: CachedState, stored: int) -> None:
        """Count the stored bytes of an event folded into a state of the young generation."""
        self._young_bytes += entry.hold(stored) * BYTES_PER_STORED_BYTE

    def _load_groups(self, request: LoadRequest, result: LoadedRows) -> None:
        for prefix in request.prefixes:
            self._groups.setdefault(prefix, _Group()).epoch = self.epoch
        for stream in result.names:
            self._join_group(stream)

    def _join_group(self, stream: str) -> None:
        category, _, key = stream.partition("-")
        separator = STATES[category].group_separator
        if separator is not None:
            first, _, last = key.rpartition(separator)
            group = self._groups.get(f"{category}-{first}{separator}")
            if group is not None:
                group.streams[last] = stream

    def _cached_or_new(self, stream: str) -> CachedState:
        entry = self._cached(stream)
        return self._add(stream, STATES[stream.split("-", 1)[0]]()) if entry is None else entry

    def _add(self, stream: str, state: State) -> CachedState:
        entry = self._young[stream] = CachedState(state, self.epoch)
        self._young_bytes += entry.size
        category, _, key = stream.partition("-")
        if category in ALL_CACHED:
            self._all_states.setdefault(category, {})[key] = state
        return entry

    def entry(self, stream: str) -> CachedState:
        """The cached state of a stream, to append an event to. A stream that begins joins its group
        here; the others of the group came with its names."""
        entry = self._young.get(stream) or self._cached_or_new(stream)
        if self._groups and not entry.state.version:
            self._join_group(stream)
        return entry

    # The protocol `kernel.Given`.

    def state(self, kind: type[S], key: str) -> S:
        """A command reads the same states several times: each is found without the name of its
        stream then."""
        looked_up = self._looked_up.get(kind)
        if looked_up is None:
            looked_up = self._looked_up[kind] = {}
        state = looked_up.get(key)
        if state is not None:
            return state  # type: ignore[return-value]  # of its kind
        entry = self._cached(f"{kind.category}-{key}")
        if entry is not None:
            looked_up[key] = entry.state
            return entry.state  # type: ignore[return-value]  # of its kind, by the stream's name
        if kind.all_cached:  # never evicted there
            return cast(S, self._all_states.get(kind.category, {}).get(key)) or kind()
        return kind()

    def all(self, kind: type[S]) -> Collection[S]:
        states = self._all_states.get(kind.category, {}).values()
        return cast("list[S]", [state for state in states if state.version])

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        group, young = self._groups.get(f"{kind.category}-{prefix}"), self._young
        states: dict[str, S] = {}
        for last, stream in group.streams.items() if group is not None else ():
            entry = young.get(stream) or self._cached(stream)
            if entry is not None and entry.state.version:
                states[last] = cast(S, entry.state)
        return states


class ReadTracker:
    """A `kernel.Given` for `Command.reads`. `used` are the categories of the states that the last
    `refs` read. Until the batch writes to one of them, the command reads the same streams."""

    __slots__ = ("_states", "used")

    def __init__(self, states: StateCache) -> None:
        self._states = states
        self.used: set[str] = set()

    def refs(self, command: Command, ctx: Context) -> list[Ref]:
        """What a command reads, as of now. Sets `used`."""
        self.used = set()
        return list(command.reads(ctx, self))

    def state(self, kind: type[S], key: str) -> S:
        self.used.add(kind.category)
        return self._states.state(kind, key)

    def all(self, kind: type[S]) -> Collection[S]:
        self.used.add(kind.category)
        return self._states.all(kind)

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        self.used.add(kind.category)
        return self._states.group(kind, prefix)
