"""Queries, what they may use, and how one statement answers several of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from oms_ledger.kernel.commands import Json
from oms_ledger.kernel.log import Log


class Reader(Log, Protocol):
    """What a query may use: the named statements of its read model, and the log up to the
    position that the read model has reached."""

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        """All rows of a statement in the read model's `queries.sql`."""


class PreparedAnswer(NamedTuple):
    """The body of an answer as the JSON text of an object, with personal values sealed and between
    marks (`domain/prepared_text.py`). `sensitive`: whether it has content of sensitive orders.
    `version`: of the order that it is about."""

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
    of its record where that is another. `account`: names an account of store credit, and is
    replaced by the account's key. `sensitive_filter`: whether sensitive records are included,
    false for readers without that right. `minimum_count`: raised to the ledger's `smallest_count`.
    `within_channels`: set to the keys of the caller's channels, where the caller's key is bound to
    some: only their orders may be shown. True: there is nothing of orders in the answer. False:
    such callers are refused.
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
    account: str | None = field(default=None, kw_only=True)
    within_channels: str | bool = field(default=False, kw_only=True)
    answer_type: type = field(kw_only=True)
    direct: Lookup | Selection | None = field(default=None, kw_only=True)
