"""Answers as JSON and as application/problem+json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.responses import Response

from oms_ledger.domain.errors import OmsError
from oms_ledger.http.errors import problem, problem_body, problem_headers, status_of

JSON = "application/json"
PROBLEM = "application/problem+json"


def answer(
    body: Mapping[str, object] | Sequence[object],
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(orjson.dumps(body), status, headers, JSON)


def problem_answer(error: OmsError) -> Response:
    """The answer to an error."""
    return Response(orjson.dumps(problem(error)), status_of(error), problem_headers(error), PROBLEM)


def internal_error_answer() -> Response:
    """500 without details; the exception is in the log."""
    detail = "Something broke on our side; it is in the log. Try again, or tell the operator."
    return Response(orjson.dumps(problem_body(500, "internal_error", detail)), 500, None, PROBLEM)


PARTS = frozenset({"fulfilment_id", "shipment_id", "return_id"})
"""Fields of answers about parts of an order."""


def etag(body: Mapping[str, object]) -> str | None:
    """The version of the order in an answer; None where the answer is about something else."""
    if (
        "order_number" in body
        and body.keys().isdisjoint(PARTS)
        and isinstance(version := body.get("version"), int)
    ):
        return f'"{version}"'
    return None
