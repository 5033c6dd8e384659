"""Queries that one statement answers, run on a reader. The HTTP API executes their statements by
itself, many at a time, and sends what `answer` makes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from oms_ledger.domain.prepared_text import plain_json
from oms_ledger.kernel import Json, Lookup, PreparedAnswer, Reader, Selection

_decode = msgspec.json.Decoder(dict[str, object]).decode


def looked_up(lookup: Lookup, params: object, reader: Reader) -> Mapping[str, Json]:
    """The answer of a lookup; its `key` must have a value."""
    rows = reader.rows(lookup.statement, keys=[lookup.key(params)])
    return _body(lookup.answer(params, rows))


def selected(selection: Selection, params: object, reader: Reader) -> Mapping[str, Json]:
    statement, values = selection.statement(params)
    return _body(selection.answer(params, reader.rows(statement, **values)))


def _body(answer: PreparedAnswer | Mapping[str, Json]) -> Mapping[str, Json]:
    if isinstance(answer, PreparedAnswer):
        return cast("Mapping[str, Json]", _decode(plain_json(answer.content)))
    return answer
