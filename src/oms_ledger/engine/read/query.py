"""A question asked of a read model, and what is found: an answer, or what it failed with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from oms_ledger.domain.errors import Invalid, ReadModelBehind, Unavailable
from oms_ledger.engine.db.errors import UNACCEPTABLE, is_outage
from oms_ledger.kernel import Json, Position, Query, Reader


class Transaction(Reader, Protocol):
    """A reader within one transaction."""

    @property
    def transaction(self) -> TransactionStatus: ...


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its parameters. The answer is to be from `least` on."""

    query: Query
    params: object
    least: Position | None = None


class QueryResult(NamedTuple):
    """The body of an answer, and the position that it is of."""

    body: Mapping[str, Json]
    position: Position


def found_by(
    question: Question, reader: Transaction, position: Position
) -> QueryResult | Exception:
    """What a reader at a position finds. Raises only what is wrong with its connection, and so
    with whatever else is asked over it."""
    query, least = question.query, question.least
    if least is not None and position < least:
        return behind(query.read_model, position, least, 0.0)
    try:
        return QueryResult(answer_to(query.run, question.params, reader), position)
    except Exception as error:
        if reader.transaction is TransactionStatus.UNKNOWN:
            raise
        if isinstance(error, psycopg.Error) and is_outage(error):
            return Unavailable("The database did not answer in time. Try again in a moment.")
        return error


def answer_to(
    ask: Callable[[object, R], Mapping[str, Json]], params: object, reader: R
) -> Mapping[str, Json]:
    """What passed as text may still be no value of its column: a cursor made up, say."""
    try:
        return ask(params, reader)
    except UNACCEPTABLE as error:
        raise Invalid(
            "A parameter has a value that cannot be; a cursor must be sent as it was given."
            " Correct it and ask again."
        ) from error


def behind(
    name: str | None, reached: Position, least: Position, waited_seconds: float
) -> ReadModelBehind:
    return ReadModelBehind(
        f"{name or 'The ledger'} is at position {reached}, {least - reached} behind"
        f" the {least} asked for. Ask again in a second, with a longer wait_ms, or"
        " without min_position.",
        retry_after_seconds=max(1, math.ceil(waited_seconds / 2)),
    )
