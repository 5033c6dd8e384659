"""Reads query strings and headers. Their sizes are bounded, and headers are validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from starlette.requests import Request

from oms_ledger.domain.errors import invalid_field
from oms_ledger.privacy.cards import path_of, texts
from oms_ledger.validation import Malformed

Headers = Mapping[str, str]

CORRELATION_CHARACTERS_MAX = 128
IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
PURPOSE_CHARACTERS_MAX = 200
QUERY_FIELDS_MAX = 100

SLASH = "\x00"
"""Stands for a slash within a path segment while routes are matched; see `with_decoded_path`."""

_HEADERS = "oms.headers"

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_ENTITY_TAG = re.compile(r'(?:W/)?"(\d{1,18})"|(\d{1,18})')


def refuse_nul(value: object, within: str = "") -> None:
    """`Invalid` for a text with the character NUL, which PostgreSQL cannot store."""
    for place, _, text in texts(value, within):
        if "\x00" in text:
            raise invalid_field(path_of(place), "It contains the character NUL. Remove it.")


def path_fields(request: Request) -> dict[str, str]:
    """The decoded values of the path, by the names in braces."""
    return {name: str(v).replace(SLASH, "/") for name, v in request.path_params.items()}


def query_fields(request: Request, *, empty: bool = False) -> dict[str, str]:
    """The parameters of the query string. Empty values are left out unless `empty` is True; a name
    that is given twice is refused."""
    text = request.scope["query_string"]
    if not text:
        return {}
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise Malformed("The query string cannot be read. Write UTF-8, %-encoded.") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise invalid_field(name, "It is given twice. Give it once.")
        refuse_nul(value, name)
        fields[name] = value
    return {name: value for name, value in fields.items() if value or empty}


def flag(fields: dict[str, str], name: str) -> bool:
    """Take `true` or `false` out of the query string."""
    value = fields.pop(name, "false").lower()
    if value not in ("true", "false"):
        raise invalid_field(name, "Write true or false.")
    return value == "true"


def whole(fields: dict[str, str], name: str, default: int, most: int) -> int:
    """Take a whole number from 0 to `most` out of the query string."""
    text = fields.pop(name, None)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > most:
        raise invalid_field(name, f"Write a whole number from 0 to {most}.")
    return int(text)


def request_headers(request: Request) -> Headers:
    """The headers, decoded once for each request. Of one that is sent twice the last counts."""
    headers: Headers | None = request.scope.get(_HEADERS)
    if headers is None:
        headers = request.scope[_HEADERS] = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in request.scope["headers"]
        }
    return headers


def correlation_id(headers: Headers) -> str | None:
    text = headers.get("x-correlation-id")
    if text is not None and not _printable(text, CORRELATION_CHARACTERS_MAX):
        raise invalid_field(
            "X-Correlation-Id", f"At most {CORRELATION_CHARACTERS_MAX} printable ASCII characters."
        )
    return text


def purpose(headers: Headers) -> str:
    """The purpose for which personal data is requested. It is recorded with the access."""
    text = headers.get("x-purpose", "api")
    if not _printable(text, PURPOSE_CHARACTERS_MAX):
        raise invalid_field(
            "X-Purpose", f"At most {PURPOSE_CHARACTERS_MAX} printable ASCII characters."
        )
    return text


def idempotency_key(headers: Headers) -> str | None:
    text = headers.get("idempotency-key")
    return None if text is None else checked_key(text, "Idempotency-Key")


def checked_key(text: str, name: str) -> str:
    """An idempotency key from the header or field with this name."""
    if not _printable(text, IDEMPOTENCY_KEY_CHARACTERS_MAX):
        raise invalid_field(
            name,
            f"1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters; a UUID does well.",
        )
    return text


def expected_version(headers: Headers) -> int | None:
    """The version in `If-Match`: quoted, weak or bare. `*` matches any version."""
    text = headers.get("if-match")
    if text is None or text.strip() == "*":
        return None
    match = _ENTITY_TAG.fullmatch(text.strip())
    if match is None:
        raise Malformed('If-Match: write the version you have read, as in `If-Match: "3"`.')
    return int(match[1] or match[2])


def fingerprint(request: Request, body: bytes) -> bytes:
    """A hash of method, path, query string and body: equal for repetitions of a request."""
    scope: Mapping[str, object] = request.scope
    line = f"{scope['method']} {scope['path']}?".encode() + request.scope["query_string"]
    return sha256(line + b"\n" + body).digest()


def _printable(text: str, most: int) -> bool:
    return len(text) <= most and _PRINTABLE.fullmatch(text) is not None
