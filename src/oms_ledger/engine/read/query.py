"""Runs one query within a transaction, and classifies what it fails with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from oms_ledger.domain.errors import Invalid, ReadModelBehind, Unavailable
from oms_ledger.engine.db.errors import DATA_ERRORS, is_outage
from oms_ledger.kernel import Json, Position, Query, Reader

IMPOSSIBLE_VALUE = (
    "A parameter has a value that cannot be; a cursor must be sent as it was given."
    " Correct it and ask again."
)


class TransactionReader(Reader, Protocol):
    """A reader within one transaction."""

    @property
    def transaction(self) -> TransactionStatus: ...


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query with its parameters. `min_position`: the lowest position that the result may be
    of."""

    query: Query
    params: object
    min_position: Position | None = None


class QueryResult(NamedTuple):
    """The body of an answer, and the position that it is of."""

    body: Mapping[str, Json]
    position: Position


def execute(
    request: QueryRequest, reader: TransactionReader, position: Position
) -> QueryResult | Exception:
    """The result of a query from a reader at a position, or what the query failed with. Raises
    only when the connection is lost, since every other query on it fails too."""
    try:
        refuse_behind(request, position)
        return QueryResult(run(request.query.run, request.params, reader), position)
    except Exception as error:
        if reader.transaction is TransactionStatus.UNKNOWN:
            raise
        if isinstance(error, psycopg.Error) and is_outage(error):
            return Unavailable("The database did not answer in time. Try again in a moment.")
        return error


def refuse_behind(request: QueryRequest, position: Position) -> None:
    """`ReadModelBehind` at a position below the request's `min_position`."""
    least = request.min_position
    if least is not None and position < least:
        raise read_model_behind(request.query.read_model, position, least, 0.0)


def run(
    function: Callable[[object, R], Mapping[str, Json]], params: object, reader: R
) -> Mapping[str, Json]:
    """The body that a query's function returns. `Invalid` for a parameter that is valid text and
    yet no value of its column, such as a cursor that this API did not make."""
    try:
        return function(params, reader)
    except DATA_ERRORS as error:
        raise Invalid(IMPOSSIBLE_VALUE) from error


def read_model_behind(
    name: str | None, reached: Position, least: Position, waited_seconds: float
) -> ReadModelBehind:
    """The error for a read model (None: the log) at `reached`, below the position `least`."""
    return ReadModelBehind(
        f"{name or 'The ledger'} is at position {reached}, {least - reached} behind"
        f" the {least} asked for. Ask again in a second, with a longer wait_ms, or"
        " without min_position.",
        retry_after_seconds=max(1, math.ceil(waited_seconds / 2)),
    )
