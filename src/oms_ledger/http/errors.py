"""Errors as answers: the status of each class, and the body of RFC 9457. Nothing else maps them."""

from __future__ import annotations

from math import ceil

from oms_ledger.domain import errors
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.kernel import Json
from oms_ledger.validation import Malformed


class TooLarge(OmsError):
    code = "too_large"


class BodyTooSlow(OmsError):
    """The body did not arrive in time."""

    code = "too_slow"


class TargetTooLong(OmsError):
    """The path or the query string is too long."""

    code = "too_large"


class HeadersTooLarge(OmsError):
    code = "too_large"


class UnsupportedMediaType(OmsError):
    code = "unsupported_media_type"


class MethodNotAllowed(OmsError):
    code = "method_not_allowed"


class RateLimited(OmsError):
    """Too many requests of one principal, or too many failed authentications of one address."""

    code = "rate_limited"

    def __init__(self, detail: str, *, seconds: float, reason: str | None = None) -> None:
        super().__init__(detail, reason=reason)
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
    TargetTooLong: 414,
    BodyTooSlow: 408,
    UnsupportedMediaType: 415,
    MethodNotAllowed: 405,
    RateLimited: 429,
    HeadersTooLarge: 431,
}

TITLES = {
    400: "The request is malformed",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Refused",
    412: "Changed meanwhile",
    413: "Too large",
    414: "Path or query string too long",
    415: "Unsupported media type",
    422: "Invalid fields",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    503: "Try again later",
}


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
    """Headers for an error: `Retry-After`, `WWW-Authenticate` and `Idempotent-Replayed`."""
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable | RateLimited):
        headers["retry-after"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="oms-ledger"'
    if error.replayed:
        headers["idempotent-replayed"] = "true"
    return headers
