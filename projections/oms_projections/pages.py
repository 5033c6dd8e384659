"""Pages of a list: stable under inserts, because a cursor names the last row seen, not a count."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from pydantic import Field

from oms_ledger.domain.errors import invalid_field
from oms_ledger.kernel import Json, Rows
from oms_projections.values import column, maybe_time

Limit = Annotated[int, Field(ge=1, le=500, description="How many items at most.")]
Cursor = Annotated[
    str | None, Field(max_length=2000, description="`next_cursor` of the page before.")
]
Mark = list[int | str]
"""What a cursor holds: the sort values of the last row of a page."""

NEWEST: Mark = ["infinity", ""]
"""The mark before the first row of a list that is newest first: a time and an id."""

_decode = msgspec.json.Decoder(Mark).decode


def cursor_for(mark: Mark) -> str:
    """The opaque text of a mark."""
    return urlsafe_b64encode(msgspec.json.encode(mark)).decode().rstrip("=")


def mark_of(cursor: str, start: Mark) -> Mark:
    """The mark in a cursor. `start` is the mark before the first row of this very list:
    `Invalid` where the cursor is not one of the same shape."""
    try:
        mark = _decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, msgspec.MsgspecError):
        mark = []
    if [type(value) for value in mark] != [type(value) for value in start]:
        raise invalid_field(
            "cursor",
            "This is not a cursor of this list. Use the next_cursor of its page before, "
            "with the same filters and sort; or leave it out to start again.",
        )
    return mark


def after_newest(cursor: str | None) -> dict[str, object]:
    """The parameters `after` and `after_id` of a statement whose rows are newest first; both None
    for the first page."""
    time, key = mark_of(cursor, NEWEST) if cursor else (None, None)
    return {"after": time, "after_id": key}


def mark_of_last(rows: Rows, time: str, key: str) -> Mark | None:
    """The mark of the last row by its columns `time` and `key`; None without rows."""
    return [str(maybe_time(rows[-1], time)), column(rows[-1], key, str)] if rows else None


def page(items: Sequence[Mapping[str, Json]], limit: int, last: Mark | None) -> dict[str, Json]:
    """The body of a list. `last` is the mark of its last item, wanted where it is full."""
    more = len(items) == limit and last is not None
    return {"items": items, "next_cursor": cursor_for(last) if more and last else None}


def page_text(items: str, count: int, limit: int, last: Mark | None) -> str:
    """As `page`, as JSON text. `items` are the items as JSON with commas between, `count` how many
    there are."""
    cursor = f'"{cursor_for(last)}"' if count == limit and last is not None else "null"
    return f'{{"items":[{items}],"next_cursor":{cursor}}}'
