"""Card data stops here, before a path, a query string or a header is read by anybody else."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from starlette.types import Scope

from oms_ledger.privacy import cards

UNSEEN = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"traceparent", b"tracestate"}
)
"""Headers that are nothing but random, and never kept, logged or told."""

SHORT = 12
"""Bytes that hold no card number."""


def refuse_in_head(scope: Scope) -> None:
    """`Invalid` where the path, the query string or a header has card data."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values = b"\n".join([value for name, value in headers if name not in UNSEEN])
    if cards.may_hold_card_data(values.replace(b'"', b" ")):
        for header, held in headers:
            if header not in UNSEEN:
                cards.refuse_text(held.decode("latin-1"), header.decode("latin-1").title())
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    if len(path) > SHORT and cards.may_hold_card_data(_text(path)):
        cards.refuse_text(unquote(path.decode("latin-1")), "path")
    query: bytes = scope["query_string"]
    if len(query) > SHORT and cards.may_hold_card_data(_text(query.replace(b"+", b" "))):
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            cards.refuse({name: value})


def _text(encoded: bytes) -> bytes:
    """Decoded, as one text: a quote or the end of a line ends nothing there, as they do in JSON."""
    return unquote_to_bytes(encoded).replace(b'"', b" ").replace(b"\n", b" ")
