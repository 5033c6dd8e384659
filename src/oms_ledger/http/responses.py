"""What goes back over the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.responses import Response

from oms_ledger.domain.errors import OmsError
from oms_ledger.http.errors import headers_of, problem, problem_body, status_of

JSON = "application/json"
PROBLEM = "application/problem+json"


def answer(
    body: Mapping[str, object] | Sequence[object],
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(orjson.dumps(body), status, headers, JSON)


def problem_answer(error: OmsError) -> Response:
    """An error as its answer."""
    return Response(orjson.dumps(problem(error)), status_of(error), headers_of(error), PROBLEM)


def broken_answer() -> Response:
    """For a bug of ours: says nothing of what happened inside, which is in the log."""
    detail = "Something broke on our side; it is in the log. Try again, or tell the operator."
    return Response(orjson.dumps(problem_body(500, "internal_error", detail)), 500, None, PROBLEM)


def etag(body: Mapping[str, object]) -> str | None:
    """The version of the order that an answer shows; None where it shows none."""
    if (
        "order_number" in body
        and "shipment_id" not in body
        and isinstance(version := body.get("version"), int)
    ):
        return f'"{version}"'
    return None
