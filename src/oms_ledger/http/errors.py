"""Every no as an answer: which status, and the body of RFC 9457. The only place that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from oms_ledger.domain import errors
from oms_ledger.domain.errors import Invalid, OmsError, Unavailable
from oms_ledger.kernel import Json


class Malformed(OmsError):
    """The request cannot be read at all."""

    code = "malformed"


class TooLarge(OmsError):
    code = "too_large"


class UnsupportedMediaType(OmsError):
    code = "unsupported_media_type"


class MethodNotAllowed(OmsError):
    code = "method_not_allowed"


class RateLimited(OmsError):
    """Asked more often than is allowed, or failed too often to prove who they are."""

    code = "rate_limited"

    def __init__(self, detail: str, *, seconds: float) -> None:
        super().__init__(detail)
        self.retry_after_seconds = max(1, ceil(seconds))


STATUS: dict[type[OmsError], int] = {
    errors.Invalid: 422,
    errors.Refused: 409,
    errors.NotFound: 404,
    errors.AsOfNotSupported: 400,
    errors.Conflict: 412,
    errors.IdempotencyKeyReused: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Unavailable: 503,
    Malformed: 400,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    MethodNotAllowed: 405,
    RateLimited: 429,
}

TITLES = {
    400: "The request is malformed",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid fields",
    429: "Too many requests",
    500: "Internal error",
    503: "Try again later",
}

FIELD_ERRORS_MAX = 100
"""How many fields one answer names; who gets that many wrong has one mistake, not many."""

WORDS_MAX = 300

REMEDIES = {
    "missing": "It is required. Add it.",
    "unexpected_keyword_argument": "There is no such field. Check its spelling, or leave it out.",
    "dataclass_type": "Write a JSON object.",
}
"""Better words than pydantic's for what people get wrong most."""


def status_of(error: OmsError) -> int:
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def problem(error: OmsError) -> dict[str, Json]:
    """The body of application/problem+json."""
    body = problem_body(status_of(error), error.code, error.detail)
    if error.errors:
        body["errors"] = list(error.errors)
    return body


def problem_body(status: int, code: str, detail: str) -> dict[str, Json]:
    return {
        "type": f"urn:oms-ledger:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }


def problem_headers(error: OmsError) -> dict[str, str]:
    """What a client needs beside the body: when to come back, how to say who it is."""
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable | RateLimited):
        headers["retry-after"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="oms-ledger"'
    if error.replayed:
        headers["idempotent-replayed"] = "true"
    return headers


def from_validation(error: ValidationError, within: Sequence[str | int] = ()) -> OmsError:
    """What pydantic found wrong, field by field; `Malformed` where it was no JSON at all.
    Values are never repeated: they may be personal, or huge."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return malformed(found[0]["msg"])
    found = [each for each in found if not _follows(each, found)]
    fields = [_field(within, dict(each)) for each in found[:FIELD_ERRORS_MAX]]
    names = ", ".join(dict.fromkeys(str(f["field"]) or "the body" for f in fields[:5]))
    return Invalid(
        f"{len(found)} invalid: {names}. Correct them and send the request again.", errors=fields
    )


def _follows(error: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """A list is found too short when it is its items that are wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in found
    )


def malformed(why: str) -> Malformed:
    return Malformed(f"The body is not JSON. {why[:WORDS_MAX]}. Send one JSON object in UTF-8.")


def invalid(field: str, message: str) -> Invalid:
    """One field at fault, and what to do about it."""
    return Invalid(
        f"{field or 'The body'}: {message}", errors=[{"field": field, "message": message}]
    )


def _field(within: Sequence[str | int], found: Mapping[str, Any]) -> dict[str, Json]:
    """Rules over several fields name the one at fault at the start of their message."""
    name = ".".join(str(part) for part in (*within, *found["loc"]))
    said = REMEDIES.get(found["type"], str(found["msg"]))
    message = said.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if found["type"] == "value_error":
        said, colon, rest = message.partition(": ")
        if colon and said.replace("_", "").replace(".", "").isalnum():
            name, message = f"{name}.{said}" if name else said, rest
    return {"field": name[:WORDS_MAX], "message": message[:WORDS_MAX], "type": found["type"]}
