"""States of streams, folded from a log as they are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from oms_ledger.kernel import Log, S, State


class StatesOfLog:
    """A `kernel.Given` of the last position of a log, folded as it is read."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._states: dict[tuple[type[State], str], State] = {}

    def state(self, kind: type[S], key: str) -> S:
        if (kind, key) not in self._states:
            self._states[kind, key] = self._log.fold(kind, key)
        return cast(S, self._states[kind, key])

    def all(self, kind: type[S]) -> Collection[S]:
        return [self.state(kind, key) for key in self._log.keys(kind)]

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        keys = (key for key in self._log.keys(kind, prefix) if "@" not in key[len(prefix) :])
        return {key[len(prefix) :]: self.state(kind, key) for key in keys}
