"""What is done with a request's target and headers: sizes are bounded before anything reads them,
and card data in them is refused. Nothing is kept of a request before it is admitted, so that card
data in headers is looked for only then."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from starlette.types import Scope

from oms_ledger.http.errors import HeadersTooLarge, TargetTooLong
from oms_ledger.http.requests import QUERY_FIELDS_MAX
from oms_ledger.privacy import cards
from oms_ledger.privacy.cards import Inspection
from oms_ledger.validation import Malformed

TARGET_BYTES_MAX = 8_192
"""Limit on the path and on the query string, each; what proxies and other servers allow."""

SEGMENTS_MAX = 100

HEADER_BYTES_MAX = 65_536
"""Limit on all headers together, each with its colon, blank and line end."""

HEADERS_MAX = 100

UNCHECKED = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"traceparent", b"tracestate"}
)
"""Headers with random content, which are never stored, logged or shown."""

SHORT_BYTES = 12
"""A text of at most so many bytes cannot contain a card number."""


def refuse_large_head(scope: Scope) -> None:
    """`TargetTooLong` or `HeadersTooLarge` above the limits."""
    path, query = path_bytes(scope), scope["query_string"]
    if len(path) > TARGET_BYTES_MAX or path.count(b"/") > SEGMENTS_MAX:
        raise TargetTooLong(
            f"The path has more than {TARGET_BYTES_MAX:,} bytes or {SEGMENTS_MAX} parts. Check it."
        )
    if len(query) > TARGET_BYTES_MAX:
        raise TargetTooLong(
            f"The query string has more than {TARGET_BYTES_MAX:,} bytes. Ask for less at a time."
        )
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    size = sum([len(name) + len(value) + 4 for name, value in headers])
    if len(headers) > HEADERS_MAX or size > HEADER_BYTES_MAX:
        raise HeadersTooLarge(
            f"There are more than {HEADERS_MAX} headers, or they have more than"
            f" {HEADER_BYTES_MAX:,} bytes. Send fewer or shorter ones."
        )


def refuse_cards_in_target(scope: Scope) -> None:
    """`Invalid` where the path or the query string has card data."""
    inspection = Inspection.of_head()
    path, query = path_bytes(scope), scope["query_string"]
    if len(path) > SHORT_BYTES and cards.may_hold_card_data(_text(path)):
        inspection.refuse_text(unquote(path.decode("latin-1")), "path")
    if len(query) > SHORT_BYTES and cards.may_hold_card_data(_text(query.replace(b"+", b" "))):
        if query.count(b"&") >= QUERY_FIELDS_MAX:
            raise Malformed(f"The query string has more than {QUERY_FIELDS_MAX} parameters.")
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            inspection.refuse({name: value})


def refuse_cards_in_headers(scope: Scope) -> None:
    """`Invalid` where a header has card data."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values = b"\n".join([value for name, value in headers if name not in UNCHECKED])
    if not cards.may_hold_card_data(values.replace(b'"', b" ")):
        return
    inspection = Inspection.of_head()
    for header, text in headers:
        if header not in UNCHECKED:
            inspection.refuse_text(text.decode("latin-1"), header.decode("latin-1").title())


def path_bytes(scope: Scope) -> bytes:
    """The path as it was sent."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw


def _text(encoded: bytes) -> bytes:
    """Percent-decoded. Quotes and line ends become blanks: they end no value here, as they do in
    JSON."""
    return unquote_to_bytes(encoded).replace(b'"', b" ").replace(b"\n", b" ")
