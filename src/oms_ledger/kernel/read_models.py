"""Read models: rows that are folded from the log, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias, TypeVar

from oms_ledger.kernel.events import Recorded


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
    `by_stream`: each row is touched by the events of one stream alone, or is the same whichever
    streams put it, so that several processes can fold a build, each with a part of the streams.
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
