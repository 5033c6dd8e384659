"""Refuses card data in the path, the query string and the headers, before anything reads them."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from starlette.types import Scope

from oms_ledger.privacy import cards

UNCHECKED = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"traceparent", b"tracestate"}
)
"""Headers with random content, which are never stored, logged or shown."""

SHORT_BYTES = 12
"""A text of at most so many bytes cannot contain a card number."""


def refuse_in_head(scope: Scope) -> None:
    """`Invalid` where the path, the query string or a header has card data."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values = b"\n".join([value for name, value in headers if name not in UNCHECKED])
    if cards.may_hold_card_data(values.replace(b'"', b" ")):
        for header, text in headers:
            if header not in UNCHECKED:
                cards.refuse_text(text.decode("latin-1"), header.decode("latin-1").title())
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    if len(path) > SHORT_BYTES and cards.may_hold_card_data(_text(path)):
        cards.refuse_text(unquote(path.decode("latin-1")), "path")
    query: bytes = scope["query_string"]
    if len(query) > SHORT_BYTES and cards.may_hold_card_data(_text(query.replace(b"+", b" "))):
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            cards.refuse({name: value})


def _text(encoded: bytes) -> bytes:
    """Percent-decoded. Quotes and line ends become blanks: they end no value here, as they do in
    JSON."""
    return unquote_to_bytes(encoded).replace(b'"', b" ").replace(b"\n", b" ")
