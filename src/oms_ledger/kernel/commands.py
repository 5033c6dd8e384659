"""Commands, their routes over HTTP, and the changes that they decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple, TypeAlias

from oms_ledger.kernel.events import Event
from oms_ledger.kernel.records import Record
from oms_ledger.kernel.states import Given, Ref

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Context(Record, frozen=True):
    """What a rule may not make up itself: time, identity, chance. Comes in from the edge.

    `command_id` is a UUIDv7 and names whatever the command creates; `token` is an
    unguessable string for links that are handed to people without a key.
    """

    now: datetime
    command_id: str
    actor: str
    correlation_id: str
    causation_id: str
    token: str


class Change(NamedTuple):
    """One event to append to its stream. `occurred_at` where it happened earlier than now."""

    event: Event
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTP route of a command.

    Names in braces are fields of the command. `many` is the body's list for sending several
    at once (to `many_path`, or the same path), at most `at_most` of them; `shared` are fields that
    the body may have beside it, for those of the list that lack them.
    """

    method: str
    path: str
    status: int = 200
    many: str | None = None
    many_path: str | None = None
    at_most: int = 1000
    shared: tuple[str, ...] = ()


class Command(ABC):
    """A question to the ledger: may this happen? Subclasses are frozen pydantic dataclasses.

    The first line of a subclass's docstring is its summary in the API and on the CLI. `scope` is
    the right that it takes, `answer_type` the `TypedDict` of its answer (`position` aside),
    `example` a valid request body. `within_channels`: it changes orders and their parts alone, so
    that callers whose key is bound to channels may use it, for orders of these. `creates_once`: it
    creates something under an id that follows from its fields, and answers that with status 200
    where it is there already. `defers`: its order may be received first and placed later, which is
    answered with status 202.
    """

    __slots__ = ()
    name: ClassVar[str]
    route: ClassVar[Route]
    scope: ClassVar[str]
    answer_type: ClassVar[type]
    example: ClassVar[Mapping[str, Json]]
    within_channels: ClassVar[bool] = False
    creates_once: ClassVar[bool] = False
    defers: ClassVar[bool] = False

    @abstractmethod
    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        """The streams that `decide` needs. Called again after each load, until nothing is missing,
        so that what must be read may depend on what was read (an order, then its stock)."""

    @abstractmethod
    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        """The events that follow, or an error of `domain.errors`. Pure; never mutates.
        No events means: nothing to do, this is so already."""

    @abstractmethod
    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        """The body of the answer, from the states after the events were applied."""

    def check_within_channels(self, given: Given) -> None:  # noqa: B027  # few commands check
        """Called before `decide` where the caller's key is bound to channels: raises the refusal of
        what such a key may not do beside changing orders of other channels. Pure."""
