"""States: what the events of a stream add up to, and the streams that a decision reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar, Protocol, TypeAlias, TypeVar

from oms_ledger.kernel.events import Event


class State(ABC):
    """What a stream's events add up to. Folded by `apply`, and by nothing else.

    A stream's id is `<category>-<key>`. An unseen stream is the state with version 0.
    States are owned by the writer, which mutates them in place; a rule only reads them.
    Subclasses are slotted dataclasses all of whose fields have defaults.
    `all_cached` categories are few and small (locations): all of them are always at hand.
    `grows`: its memory grows with every event (an order), not only with the largest one.
    Streams of a category with a `group_separator` form groups: those whose keys are the same up to
    and including the last separator (`SKU@` of `SKU@LOCATION`). A command may read a whole group.
    """

    __slots__ = tuple[str, ...]()  # not the literal (): type checkers read that as "no version"
    category: ClassVar[str]
    all_cached: ClassVar[bool] = False
    grows: ClassVar[bool] = False
    group_separator: ClassVar[str | None] = None
    version: int

    @property
    def channel(self) -> str | None:
        """The channel whose order it is; None where it is no order."""
        return None

    @property
    def owner(self) -> Ref | None:
        """The order that it is a part of, and whose channel is its own; None where of none."""
        return None

    @abstractmethod
    def apply(self, event: Event) -> None:
        """Fold one event of this stream in; `version` is counted by the caller."""


S = TypeVar("S", bound=State)


def stream_id(kind: type[State], key: str) -> str:
    return f"{kind.category}-{key}"


class KeyGroup(str):
    """In a `Ref`, in the place of a key: every stream of the kind whose key begins with this text
    and has nothing but its last part after it."""

    __slots__ = ()


Ref: TypeAlias = tuple[type[State], str]
"""One stream that a command needs to see: its kind and key; or, with a `KeyGroup`, a group."""


class Given(Protocol):
    """The states a command is decided against."""

    def state(self, kind: type[S], key: str) -> S:
        """The stream's state; the empty one, with version 0, where nothing happened yet."""

    def all(self, kind: type[S]) -> Collection[S]:
        """Every state of an `all_cached` category."""

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        """The states of a group's streams in which something happened, by the last part of their
        keys."""
