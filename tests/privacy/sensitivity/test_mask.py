"""Objects about sensitive orders are masked wherever they are in an answer, marked or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from oms_ledger.domain.json_values import feed_item, plain
from oms_ledger.domain.registry import EVENTS
from oms_ledger.domain.text_kinds import (
    Harmless,
    LinkNumber,
    LinkText,
    OrderId,
    ShipmentId,
    Sku,
    StreamName,
)
from oms_ledger.kernel import Query, Recorded
from oms_ledger.privacy.sensitivity import mask
from oms_ledger.privacy.sensitivity.mask import SensitivityView
from oms_ledger.privacy.sensitivity.plans import EVENT_ITEMS, FieldPlan, answer_plan
from oms_projections import QUERIES
from oms_projections.order_status.lists import ListOrders
from oms_projections.shipping_analytics.performance import ShippingPerformance
from tests.golden.literals import LITERALS, META

BY_LOG = {"order-o1", "shipment-s1", "product-KIT"}


class Thing(TypedDict, total=False):
    """An object with one field of each kind, some of them objects or lists of such."""

    order_id: OrderId | Thing | list[Thing]
    shipment_id: ShipmentId
    sku: Sku | Thing | list[Thing]
    stream: StreamName
    sensitive: bool
    status: Harmless
    kind: Harmless
    total: Harmless
    position: LinkNumber
    recorded_at: LinkText
    line_id: LinkText
    title: str
    text: str
    note: str | Thing | list[Thing]
    wholly_new: str
    ordered: int
    quantity: int
    more: str | Thing | list[Thing]
    n: Thing
    cause: Thing
    data: Thing | list[Thing]
    lines: list[Thing]
    items: list[Thing]


PLAN = answer_plan(Thing)


def masked(
    body: Any,
    within: Mapping[str, str] | None = None,
    *,
    may: bool = False,
    plan: FieldPlan = PLAN,
) -> Any:
    """The answer as one reader gets it; `BY_LOG` stands for the log."""
    mentions = mask.mentions_in(body, plan, within)
    streams = mentions.sensitive(mentions.undeclared & BY_LOG)
    view = mask.view_of(within or {}, streams, may=may, mark=True)
    return mask.rendered(body, plan, view, within)


def test_an_object_marked_sensitive_is_masked_with_all_in_it() -> None:
    body = {"sensitive": True, "total": "9.00", "lines": [{"title": "kit", "ordered": 3}], "n": {}}
    assert masked(body) == {**body, "lines": [{"title": "***", "ordered": 3}]}
    assert masked(body, may=True) == body


@pytest.mark.parametrize("named", [{"order_id": "o1"}, {"shipment_id": "s1"}, {"sku": "KIT"}])
def test_an_object_without_a_mark_is_masked_by_the_records_it_names(named: dict[str, str]) -> None:
    """So an answer of a new type without the mark discloses nothing."""
    body = {"items": [{**named, "status": "held", "wholly_new": "kit"}, {"wholly_new": "x"}]}
    first, second = masked(body)["items"]
    assert (first["wholly_new"], first["status"], first["sensitive"]) == ("***", "held", True)
    assert second == {"wholly_new": "x"}


class Mapped(TypedDict, total=False):
    sku: Sku
    codes: dict[str, Harmless]
    texts: dict[str, str] | None
    things: dict[str, Thing]


def test_what_stands_under_the_keys_of_a_mapping_is_of_its_type() -> None:
    """Left where it is harmless, masked where it is content of a sensitive record, and no text that
    nothing declares."""
    plan = answer_plan(Mapped)
    body = {
        "codes": {"LON": "loc_1"},
        "texts": {"a": "kit"},
        "things": {"LON": {"order_id": "o2", "note": "x"}},
    }
    assert not mask.mentions_in(body, plan).untyped
    assert mask.mentions_in(body, plan).undeclared == {"order-o2"}
    assert masked(body, plan=plan) == body
    shown = masked({**body, "sku": "KIT"}, plan=plan)
    assert (shown["codes"], shown["texts"]) == (body["codes"], {"a": "***"})
    assert shown["things"] == {"LON": {"order_id": "o2", "note": "***"}}
    about = masked({"things": {"LON": {"order_id": "o1", "note": "x"}}}, plan=plan)
    assert about["things"]["LON"]["note"] == "***"


def test_what_the_path_names_is_named_by_the_answer() -> None:
    body = {"items": [{"text": "3 x KIT"}]}
    assert masked(body, {"order_id": "o1"})["items"] == [{"text": "***"}]
    assert masked(body, {"order_id": "o2"}) == body


def test_an_object_is_about_what_an_object_in_it_is_about() -> None:
    event = {"stream": "stock-KIT2@LON", "data": {"sku": "KIT2", "order_id": "o1", "quantity": 2}}
    assert masked(event) == {
        "stream": "***",
        "data": {"sku": "***", "order_id": "o1", "quantity": 2},
        "sensitive": True,
    }
    assert masked({"items": [event, {"note": "x"}]})["items"][1] == {"note": "x"}


def test_one_word_of_an_order_counts_for_the_whole_answer() -> None:
    """The order of a dry run is not in the log."""
    placed = {"order_id": "new", "sensitive": True}
    taken = {"order_id": "new", "sku": "HEART"}
    assert masked([placed, taken])[1] == {"order_id": "new", "sku": "***", "sensitive": True}


def test_an_order_marked_not_sensitive_is_not_looked_up_in_the_log() -> None:
    body = {"order_id": "o1", "sensitive": False, "lines": [{"sku": "KIT"}]}
    assert mask.mentions_in(body, PLAN).undeclared == set()
    assert masked(body) == body
    level = {"sku": "KIT", "sensitive": False, "cause": {"order_id": "o1"}}
    assert mask.mentions_in(level, PLAN).undeclared == {"order-o1"}
    assert masked(level)["sku"] == "***"


def test_from_a_sku_nothing_leads_to_the_order() -> None:
    moved = {"position": 7, "sku": "A", "quantity": 2, "recorded_at": "2026", "kind": "shipped"}
    body = {"items": [{**moved, "cause": {"order_id": "o1", "line_id": "1"}}, {**moved}]}
    first, second = masked(body, {"sku": "A"})["items"]
    assert first == {
        "position": None,
        "sku": "***",
        "quantity": 2,
        "recorded_at": "***",
        "kind": "shipped",
        "cause": {"order_id": "***", "line_id": "***"},
        "sensitive": True,
    }
    assert second == moved


def texts(value: Any, name: str = "") -> set[tuple[str, str]]:
    if isinstance(value, dict):
        return {text for key, each in value.items() for text in texts(each, key)}
    if isinstance(value, list):
        return {text for each in value for text in texts(each, name)}
    return {(name, value)} if isinstance(value, str) else set()


def test_a_text_that_no_type_declares_is_masked_wherever_it_is() -> None:
    body = {"status": "held", "undeclared": "kit", "n": {"other": ["kit", 1]}, "quantity": 2}
    assert mask.mentions_in(body, PLAN).untyped
    assert masked(body) == {**body, "undeclared": "***", "n": {"other": ["***", 1]}}
    assert masked(body, may=True) == body
    assert not mask.mentions_in({"status": "held", "title": "kit"}, PLAN).untyped


class Either(TypedDict):
    text: Harmless | list[str]


def test_a_text_that_one_of_two_types_declares_is_masked() -> None:
    plan = answer_plan(Either).joined(answer_plan(Thing))
    body = {"order_id": "o1", "text": "kit"}
    assert masked(body, plan=plan)["text"] == "***"


CONTENT = {"sku", "title", "note", "reason", "reference", "external_id", "raw", "text"}


@pytest.mark.parametrize("name", EVENTS)
def test_of_every_event_the_content_is_masked_and_the_rest_is_not(name: str) -> None:
    """An event about nothing sensitive is not masked at all."""
    item = feed_item(Recorded(1, f"{name.split('.')[0]}-x", 1, LITERALS[name], META))
    whole = texts(plain(LITERALS[name]))
    data = masked(item, plan=EVENT_ITEMS)["data"]
    if {"o1", "s1"} & {value for _, value in whole} or "sensitive" in data:
        for field, value in texts(data):
            assert value == "***" or field not in CONTENT, field
        assert masked(item, plan=EVENT_ITEMS)["sensitive"] is True
    else:
        assert data == item["data"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["note", "lines", "order_id", "sku", "data"]), inner)
    ),
    max_leaves=20,
)


@given(json)
def test_nothing_changes_where_nothing_is_sensitive(body: Any) -> None:
    assert mask.rendered(body, PLAN, SensitivityView(set(), mask=True)) == body


@given(json, json)
def test_nothing_of_a_sensitive_order_is_left(body: Any, other: Any) -> None:
    answer = {"items": [{"order_id": "o1", "data": {"note": "Zq", "more": body}}, other]}
    assert "Zq" not in str(masked(answer)["items"][0])


def query(name: str) -> Query:
    return next(each for each in QUERIES if each.name == name)


def test_parameters_are_restricted_to_the_rights_of_the_reader() -> None:
    orders = query("list_orders")
    params = TypeAdapter(ListOrders).validate_python({"q": "x", "return": "none"})
    assert mask.restricted(orders, params, may=True) is params
    assert mask.restricted(orders, params, may=False).with_sensitive is False
    assert mask.restricted(orders, params, may=False).returned == ("none",)
    performance = query("shipping_performance")
    figures = ShippingPerformance(smallest_count=5)
    assert mask.restricted(performance, figures, least=11).smallest_count == 11
    assert mask.restricted(performance, figures, least=2) is figures
