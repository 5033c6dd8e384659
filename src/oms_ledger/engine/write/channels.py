"""The states that a command sees which is submitted for some channels alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from oms_ledger.domain.errors import Forbidden
from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import Change, Given, KeyGroup, Ref, S, State


class StatesOfChannels:
    """A `kernel.Given` without the orders of other channels and their shipments: a command about
    one is refused as one about an order that was never placed. `channels`: keys of the channels
    that are included."""

    __slots__ = ("_channels", "_given")

    def __init__(self, given: Given, channels: Collection[str]) -> None:
        self._given = given
        self._channels = channels

    def owners(self, refs: Iterable[Ref]) -> Iterable[Ref]:
        """The streams of `refs`, and those of the orders that they are parts of."""
        for kind, key in refs:
            yield kind, key
            if type(key) is not KeyGroup and (owner := self._given.state(kind, key).owner):
                yield owner

    def refuse_other_channels(self, changes: Sequence[Change]) -> None:
        """`Forbidden` where an event belongs to an order of another channel."""
        for change in changes:
            kind, key = STATES[change.event.category], change.event.key
            state = self._given.state(kind, key)
            if not state.version:
                state = kind()
                state.apply(change.event)
            if not self._is_within(state):
                names = ", ".join(sorted(self._channels))
                raise Forbidden(
                    f"This key is bound to channels: {names}. Use a key of the order's channel, or"
                    " one that is bound to none."
                )

    def _is_within(self, state: State) -> bool:
        owner = state.owner
        if owner is not None:
            return self._given.state(*owner).channel in self._channels
        return state.channel is None or state.channel in self._channels

    # The protocol `kernel.Given`.

    def state(self, kind: type[S], key: str) -> S:
        state = self._given.state(kind, key)
        return state if self._is_within(state) else kind()

    def all(self, kind: type[S]) -> Collection[S]:
        return [state for state in self._given.all(kind) if self._is_within(state)]

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        group = self._given.group(kind, prefix)
        return {last: state for last, state in group.items() if self._is_within(state)}
