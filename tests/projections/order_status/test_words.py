"""Lists of orders by words, on a real PostgreSQL: the same orders, in the same order, whether the
words are found among those that come next or by the index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest

from oms_ledger.domain.orders.events import OrderConfirmed
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.kernel import Event
from oms_ledger.testing import recorded
from oms_projections.order_status import lists
from oms_projections.order_status.lists import Sort
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed

COUNT = 40
WORDS = ("ref", "ref-17", "f-3", "rare", "nothing")


def orders() -> Sequence[Event]:
    """Placed in turn from two channels; each third confirmed at the end, the oldest last."""
    events: list[Event] = []
    for n in range(COUNT):
        line = OrderLine("1", "A", 6, 100 + n * 7 % 11)
        name = f"rare-{n}" if n in (3, 29) else f"Ref-{n}"
        at = PLACED_AT + timedelta(hours=n)
        channel = "web" if n % 3 else "outlet"
        events.append(placed(f"o{n:02}", (line,), channel=channel, external_id=name, at=at))
    return [*events, *(OrderConfirmed(f"o{n:02}") for n in range(COUNT - 1, -1, -3))]


@pytest.fixture
def query(fill: Fill) -> RunQuery:
    return fill(recorded(orders()))


def pages(query: RunQuery, **params: str) -> Iterator[Mapping[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = query("list_orders", **params, **({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        cursor = page["next_cursor"]


def has(item: Mapping[str, Any], words: str) -> bool:
    return any(words in item[name].lower() for name in ("order_number", "external_id"))


@pytest.mark.parametrize("looked_through", [1, 5, 2000])
def test_words_find_the_orders_that_have_them_in_every_order(
    query: RunQuery, looked_through: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LOOKED_THROUGH", looked_through)
    for sort in get_args(Sort):
        for filters in ({}, {"channel": "web"}):
            every = [*pages(query, sort=sort, limit="50", **filters)]
            for words in WORDS:
                listed = [*pages(query, sort=sort, limit="4", q=words, **filters)]
                assert listed == [item for item in every if has(item, words)], (sort, words)
