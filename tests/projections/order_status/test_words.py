"""Lists of orders by words, on a real PostgreSQL: the same orders, in the same order, whether the
words are found among those that come next or by the index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest

from oms_ledger.domain.catalogue.state import order_number
from oms_ledger.domain.orders.events import OrderConfirmed
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.kernel import Event
from oms_ledger.testing import recorded, replace
from oms_projections.order_status import lists
from oms_projections.order_status.lists import FOR_WORDS, Looked, Sort
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed

COUNT = 40
WORDS = (
    *("ref", "ref-17", "f-3", "rare", "nothing"),
    *("web", "b-0000", "WEB-00001", "web-2", "2-000001", "outlet-00000", "-00002", "12", "b-001"),
)


def orders(own_numbers: Mapping[int, str]) -> Sequence[Event]:
    """Placed in turn from three channels; each third confirmed at the end, the oldest last. The
    external ids of two have what numbers begin with."""
    events: list[Event] = []
    names = {3: "rare-3", 29: "rare-29", 7: "web-00001", 35: "old web-2-000001"}
    for n in range(COUNT):
        line = OrderLine("1", "B" if n % 4 == 1 else "A", 6, 100 + n * 7 % 11)
        name = names.get(n, f"Ref-{n}")
        at = PLACED_AT + timedelta(hours=n)
        channel = ("outlet", "web", "Web-2")[n % 3]
        event = placed(f"o{n:02}", (line,), channel=channel, external_id=name, at=at)
        number = own_numbers.get(n, order_number(channel, n))
        events.append(replace(event, number=number))
    return [*events, *(OrderConfirmed(f"o{n:02}") for n in range(COUNT - 1, -1, -3))]


@pytest.fixture(params=[{}, {8: "31-web", 16: "WEB-0001X"}], ids=["counted", "own numbers"])
def query(fill: Fill, request: pytest.FixtureRequest) -> RunQuery:
    return fill(recorded(orders(request.param)))


def pages(query: RunQuery, **params: str) -> Iterator[Mapping[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = query("list_orders", **params, **({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        cursor = page["next_cursor"]


def has(item: Mapping[str, Any], words: str) -> bool:
    return any(words.lower() in item[name].lower() for name in ("order_number", "external_id"))


@pytest.mark.parametrize("looked", [Looked(1, 1, 1), Looked(12, 3, 2), FOR_WORDS])
def test_words_find_the_orders_that_have_them_in_every_order(
    query: RunQuery, looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FOR_WORDS", looked)
    for sort in get_args(Sort):
        for filters in ({}, {"channel": "web"}, {"sku": "B"}):
            every = [*pages(query, sort=sort, limit="50", **filters)]
            for words in WORDS:
                listed = [*pages(query, sort=sort, limit="9", q=words, **filters)]
                assert listed == [item for item in every if has(item, words)], (sort, words)
