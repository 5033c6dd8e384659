"""The states as a dry run would leave them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from typing import cast

from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import Change, Given, S, State, stream_id


class PreviewStates:
    """`Given` after changes that are not written: the states that they change are copies."""

    def __init__(self, states: Given, changes: Iterable[Change]) -> None:
        self._states = states
        self._changed: dict[str, State] = {}
        self._replaced: set[int] = set()
        for change in changes:
            event = change.event
            state = self._changed.get(event.stream) or self._copied(event.category, event.key)
            state.apply(event)
            state.version += 1

    def _copied(self, category: str, key: str) -> State:
        kind = STATES[category]
        before = self._states.state(kind, key)
        copy = self._changed[stream_id(kind, key)] = deepcopy(before)
        self._replaced.add(id(before))
        return copy

    def state(self, kind: type[S], key: str) -> S:
        changed = self._changed.get(stream_id(kind, key))
        return self._states.state(kind, key) if changed is None else cast(S, changed)

    def all(self, kind: type[S]) -> Collection[S]:
        same = [each for each in self._states.all(kind) if id(each) not in self._replaced]
        return [*same, *(each for each in self._changed.values() if isinstance(each, kind))]

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        begin = stream_id(kind, prefix)
        changed = {
            stream.removeprefix(begin): cast(S, state)
            for stream, state in self._changed.items()
            if stream.startswith(begin) and prefix[-1] not in stream.removeprefix(begin)
        }
        return {**self._states.group(kind, prefix), **changed}
