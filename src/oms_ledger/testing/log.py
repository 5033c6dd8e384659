"""The log without a database: recorded events up to a position."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable

from oms_ledger.kernel import Position, Recorded, S, State, stream_id


class Records:
    """Recorded events, by position and by stream."""

    def __init__(self, history: Iterable[Recorded] = ()) -> None:
        self.all: list[Recorded] = []
        self.streams: dict[str, list[Recorded]] = defaultdict(list)
        for r in history:
            self.add(r)

    def add(self, r: Recorded) -> None:
        assert r.position == len(self.all) + 1
        self.all.append(r)
        self.streams[r.stream].append(r)


class LogUntil:
    """A `kernel.Log` of recorded events up to a position."""

    def __init__(self, records: Records, position: Position) -> None:
        self.position = position
        self._records = records

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        own = self._records.streams.get(stream, [])
        until = bisect_right(own, self.position, key=lambda r: r.position)
        history = own[max(0, after_version) : until]
        return history if limit is None else history[:limit]

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        past = self._records.all[after : self.position]
        return [r for r in past if types is None or type(r.event).type in types][:limit]

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        state = kind()
        for r in self.history(stream_id(kind, key)):
            if until is None or r.position <= until:
                state.apply(r.event)
                state.version = r.version
        return state

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        first, last = stream_id(kind, prefix), stream_id(kind, after)
        begun = (s for s, own in self._records.streams.items() if own[0].position <= self.position)
        keys = (s.partition("-")[2] for s in begun if s.startswith(first) and s > last)
        return sorted(keys, key=str.encode)[:limit]
