"""One order's answer, from its row and from the log; paging; parameters as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from pydantic import TypeAdapter, ValidationError

from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.domain.json_values import feed_item, revealed_json
from oms_ledger.domain.orders.events import UnitsShipped
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Json, Recorded
from oms_ledger.testing import recorded
from oms_ledger.testing.log import Records
from oms_projections import QUERIES
from oms_projections.order_status.lists import ListOrders
from oms_projections.order_status.queries import (
    GetOrder,
    OrderHistory,
    get_order,
    get_order_as_of,
    order_events,
    order_timeline,
)
from oms_projections.pages import cursor_for, mark_of
from oms_projections.search import containing
from oms_projections.shipping_analytics.performance import ShippingPerformance
from oms_projections.zones import period_end, period_start
from tests.history.memory import Live, ReadModels
from tests.projections.histories import Shop


@pytest.fixture(scope="module")
def history() -> list[Recorded]:
    return recorded(Shop(11).play(250))


def reader_at(history: list[Recorded], position: int) -> Live:
    """The world as it was when the ledger had `position` events."""
    records = Records()
    models = ReadModels(records)
    for r in history:
        records.add(r)
    models.take(*history[:position])
    return models.live(position)


def test_before_it_was_placed_there_is_no_order(history: list[Recorded]) -> None:
    reader = reader_at(history, 1)
    with pytest.raises(NotFound, match="then"):
        get_order_as_of(GetOrder("o1"), reader)
    with pytest.raises(NotFound, match="GET /v1/orders"):
        get_order(GetOrder("nobody"), reader)
    for answer in (order_timeline, order_events):
        with pytest.raises(NotFound, match="GET /v1/orders"):
            answer(OrderHistory("nobody"), reader)


def _items(body: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    items = body["items"]
    assert isinstance(items, list)
    return items


def test_timeline_and_events_follow_the_ledger(history: list[Recorded]) -> None:
    reader = reader_at(history, len(history))
    order_id = next(r.event.order_id for r in history if isinstance(r.event, UnitsShipped))
    items = _items(order_timeline(OrderHistory(order_id), reader))
    positions = [int(str(item["position"])) for item in items]
    assert positions == sorted(positions)
    began = ("Order placed through web: ", "Order received through web: ")
    assert str(items[0]["text"]).startswith(began)
    assert {"at", "actor", "event", "text", "position"} == items[0].keys()
    events = _items(order_events(OrderHistory(order_id), reader))
    assert {item["position"] for item in events} == set(positions)
    assert {str(item["stream"]).split("-")[0] for item in events} == {
        "case",
        "order",
        "payment",
        "return",
        "shipment",
    }


def test_the_feed_shows_of_an_event_what_is_stored(history: list[Recorded]) -> None:
    for r in history:
        stored = msgspec.json.decode(codec.encode(r.event, r.meta))
        assert feed_item(r)["data"] == revealed_json(stored["data"])


def test_a_cursor_of_another_list_is_named_as_the_fault() -> None:
    assert mark_of(cursor_for(["a", 1]), ["", 0]) == ["a", 1]
    for bad in ("!!", "abc", cursor_for([1]), cursor_for([1, "a"]), "é"):
        with pytest.raises(Invalid) as refused:
            mark_of(bad, ["", 0])
        assert refused.value.errors[0]["field"] == "cursor"


def test_what_is_searched_for_is_taken_literally() -> None:
    assert containing("50%_Off\\") == "%50\\%\\_off\\\\%"


def test_parameters_come_as_strings_and_unknown_ones_are_refused() -> None:
    orders = TypeAdapter(ListOrders).validate_python
    params = orders({"late": "true", "limit": "5", "placed_to": "2010-12-01", "return": "none"})
    assert (params.late, params.limit, params.returned) == (True, 5, ("none",))
    assert params.placed_to == date(2010, 12, 1)
    midnight = datetime(2010, 12, 1, tzinfo=UTC)
    assert orders({"placed_to": "2010-12-01T00:00:00Z"}).placed_to == midnight
    for bad in ({"colour": "red"}, {"limit": "501"}, {"limit": "0"}, {"sort": "colour"}):
        with pytest.raises(ValidationError):
            orders(bad)
    shipping = TypeAdapter(ShippingPerformance).validate_python
    assert shipping({"from": "2010-12-01", "group_by": "week"}).from_ == date(2010, 12, 1)
    assert period_start(shipping({"from": "2010-12-01"}).from_, "UTC") == midnight
    assert period_start(
        shipping({"from": "2010-12-01"}).from_, "Europe/Berlin"
    ) == midnight - timedelta(hours=1)
    assert period_end(shipping({"to": "2010-11-30"}).to, "UTC") == midnight


def test_names_and_paths_are_unique_and_path_fields_exist() -> None:
    assert len({q.name for q in QUERIES}) == len({q.path for q in QUERIES}) == len(QUERIES)
    for query in QUERIES:
        for part in query.path.split("/"):
            if part.startswith("{"):
                assert part.strip("{}") in query.params.__annotations__
