"""The few words everything is built from: events, states, commands, read models.

Pure and free of drivers. The engine receives commands and read models as values of these
types; neither knows the other, and none of them knows PostgreSQL or HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

Position: TypeAlias = int
"""Place of an event in its ledger: 1, 2, 3 ... without gaps, in order of commit."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Event:
    """Something that happened. Subclasses are frozen, slotted dataclasses.

    `type` is the stored name, written down and never derived: moving a class must not
    rewrite history. It ends in the version of its shape, as in `order.placed.v1`. `category` and
    `key` name the stream it belongs to, `<category>-<key>`; a family of events shares them.
    """

    __slots__ = ()
    type: ClassVar[str]
    category: ClassVar[str]

    @property
    @abstractmethod
    def key(self) -> str:
        """The key of the event's stream, from its own fields."""

    @property
    def stream(self) -> str:
        return f"{self.category}-{self.key}"


@dataclass(frozen=True, slots=True)
class Meta:
    """Who, when and why of one event.

    `recorded_at` is the ledger's clock (UTC, microseconds, never running backwards);
    `occurred_at` is set only where the fact has an earlier date of its own (a carrier's scan,
    an imported order). `command` is the name of the command, `command_id` its id;
    `correlation_id` is shared by all that one outside request led to, `causation_id` is the
    id of the command or event that made this command necessary.
    """

    recorded_at: datetime
    actor: str
    command: str
    command_id: str
    correlation_id: str
    causation_id: str
    occurred_at: datetime | None = None

    @property
    def happened_at(self) -> datetime:
        return self.occurred_at or self.recorded_at


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the ledger holds it. `version` counts from 1 within its stream."""

    position: Position
    stream: str
    version: int
    event: Event
    meta: Meta


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


@dataclass(frozen=True, slots=True)
class Context:
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
    at once (to `many_path`, or the same path), at most `at_most` of them.
    """

    method: str
    path: str
    status: int = 200
    many: str | None = None
    many_path: str | None = None
    at_most: int = 1000


class Command(ABC):
    """A question to the ledger: may this happen? Subclasses are frozen pydantic dataclasses.

    The first line of a subclass's docstring is its summary in the API and on the CLI. `scope` is
    the right that it takes, `answer_type` the `TypedDict` of its answer (`position` aside),
    `example` a valid request body.
    """

    __slots__ = ()
    name: ClassVar[str]
    route: ClassVar[Route]
    scope: ClassVar[str]
    answer_type: ClassVar[type]
    example: ClassVar[Mapping[str, Json]]

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


class Row:
    """A row of a read model. Subclasses are slotted dataclasses whose fields are the columns.

    `table` is the stable name; `key` names the fields of the primary key. A row that is
    `append_only` is never read back or changed by folding.
    """

    __slots__ = ()
    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    append_only: ClassVar[bool] = False


R = TypeVar("R", bound=Row)
RowKey: TypeAlias = tuple[type[Row], tuple[object, ...]]


class Page(Protocol):
    """The rows at hand while a page of events is folded. `memo` is for what `fold` makes of rows
    and needs again on the same page; it is not written."""

    memo: dict[object, object]

    def get(self, kind: type[R], *key: object) -> R | None:
        """The row as of the event before; None where there is none yet. Change it in place
        and `put` it."""

    def put(self, row: Row) -> None:
        """This row is new or has changed."""

    def add(self, row: Row) -> None:
        """This row is new: never was there one with its key. Quicker than `put` in bulk."""


def nothing_to_finish(page: Page) -> None:
    """The rows are finished when they are folded. No lambda, so that it can be pickled."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """One way to see the ledger. Deleting it loses nothing: it is folded from the log.

    `table.sql` and `queries.sql` lie beside the module that defines it (`package`). Raise
    `version` when the rows change their shape or meaning.
    `touches` names the rows that `fold` will `get`, so that a page's rows are read at once.
    `finish` is called before the rows of a page are written, for what is made once a page however
    many of its events it follows from.
    `by_stream`: each row is touched by the events of one stream alone, so that several processes
    can fold a build, each with a part of the streams.
    """

    name: str
    version: int
    package: str
    rows: tuple[type[Row], ...]
    touches: Callable[[Recorded], Iterable[RowKey]]
    fold: Callable[[Recorded, Page], None]
    event_types: frozenset[str]
    finish: Callable[[Page], None] = nothing_to_finish
    by_stream: bool = False


class Log(Protocol):
    """The log up to a position: all there was then, and nothing that came later."""

    @property
    def position(self) -> Position:
        """The last position that is seen."""

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        """A stream's events in order."""

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        """Events of all streams in order, after a position; with `types`, those of these types
        alone."""

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        """A stream's state; with `until`, as of that position (inclusive) where it is lower."""

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        """Keys of the streams of a kind that had begun, in order of their bytes: those that
        start with `prefix` and come after the key `after`."""


AT_ONCE = 1000


def events_of(log: Log, stream: str, after_version: int = 0) -> Iterator[Recorded]:
    """A stream's events in order, however many: a thousand at a time are in memory."""
    while some := log.history(stream, after_version, AT_ONCE):
        yield from some
        after_version = some[-1].version


def all_events(
    log: Log, after: Position = 0, types: Collection[str] | None = None
) -> Iterator[Recorded]:
    """As `Log.events`, to the end of it, however long."""
    while some := log.events(after, AT_ONCE, types):
        yield from some
        after = some[-1].position


class Reader(Log, Protocol):
    """What a query may use: the named statements of its read model, and the log up to the
    position that the read model has reached."""

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        """All rows of a statement in the read model's `queries.sql`."""


class PreparedAnswer(NamedTuple):
    """The body of an answer as the JSON text of an object, personal values sealed. `sensitive`:
    whether it has content of sensitive orders. `version`: of the order that it is about."""

    content: str
    sensitive: bool = False
    version: int | None = None


Rows: TypeAlias = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a query about one thing is answered by one statement, together with others like it.

    `key` is the key in the parameters, or None where these need more than the statement. The
    statement in `queries.sql` takes the array `keys`; the column `key` of its rows names the one
    that each belongs to. `answer` makes the body from the parameters and the rows of their key.
    """

    statement: str
    key: Callable[..., str | None]
    answer: Callable[..., PreparedAnswer | Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Selection:
    """How a list is answered by one statement: its name in `queries.sql` and its parameters, by
    the parameters of the query; `answer` makes the body from these and the rows. `suffices` is
    false for parameters that need more than this statement."""

    statement: Callable[..., tuple[str, Mapping[str, object]]]
    answer: Callable[..., PreparedAnswer | Mapping[str, Json]]
    suffices: Callable[..., bool] = lambda params: True


@dataclass(frozen=True, slots=True)
class Query:
    """A question that HTTP and CLI answer from a read model or the log.

    `params` is a frozen pydantic dataclass; fields named in the path come from there, the
    others from the query string. `run` returns the answer's body or raises `NotFound`.
    `read_model` is the one whose position the answer reports; None reads the log alone.
    `answer_type` is the `TypedDict` of the answer. `direct` is set where one statement answers the
    query; `run` then answers the same.
    `as_of` answers the same query as of an earlier position, from the `Log` up to there, with the
    body that `run` gave then; or it is a sentence that says why that is impossible and which query
    to use instead. The position is no part of `params`.

    The other fields name parameters that are changed before `run` sees them; None: there is no
    such parameter. `searches_email`: a text with an `@` in it is an e-mail address, and is replaced
    by `@` and its blind. `subject`: names a data subject; the parameter `record` is set to the name
    of its record where that is another. `sensitive_filter`: whether sensitive records are included,
    false for readers without that right. `minimum_count`: raised to the ledger's `smallest_count`.
    """

    name: str
    path: str
    scope: str
    read_model: str | None
    params: type
    run: Callable[..., Mapping[str, Json]]
    summary: str
    as_of: Callable[..., Mapping[str, Json]] | str
    searches_email: str | None = None
    subject: str | None = None
    sensitive_filter: str | None = None
    minimum_count: str | None = None
    answer_type: type = field(kw_only=True)
    direct: Lookup | Selection | None = field(default=None, kw_only=True)
