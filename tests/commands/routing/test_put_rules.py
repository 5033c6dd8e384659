"""Routing rules of channels, and orders that are routed by them."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.resume import ResumeOrder
from oms_commands.routing.put_rules import PutRoutingRules
from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.geography import point_of
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import OrderCancelled, OrderPlaced
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.routing.events import (
    LocationCost,
    OrderRouted,
    PostalArea,
    PostalAreasDefined,
    RankedPlace,
    RoutedLine,
    RoutingRule,
    RoutingRulesDefined,
    RuleOption,
    RuleScore,
    UnitsRouted,
)
from oms_ledger.domain.stock.events import StockReleased
from oms_ledger.kernel import Event, Json
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import goods, line, ordered, place, stock

TODAY = CONTEXT.now.date().isoformat()


def located(
    code: str, priority: int, latitude: float, longitude: float, capacity: int | None = None
) -> LocationDefined:
    point = point_of(latitude, longitude)
    site = Site(country="GB", postal_code="SW1 1AA")
    return LocationDefined(code, code, "warehouse", site, priority, capacity, point)


LON, MAN = located("LON", 1, 51.5, -0.13), located("MAN", 2, 53.48, -2.24)
AREAS = PostalAreasDefined(
    "GB", (PostalArea("", point_of(52.5, -1.5)), PostalArea("LS", point_of(53.8, -1.55)))
)
SHOP: tuple[Event, ...] = (LON, MAN, AREAS, goods(), goods("B"))


def ruled(*kinds: str, channel: str = "web") -> RoutingRulesDefined:
    return RoutingRulesDefined(channel, tuple(RoutingRule(kind) for kind in kinds))


def order(quantity: int = 1, **more: Any) -> PlaceOrder:
    lines = [{"sku": "A", "quantity": quantity, "unit_price": "2.55"}]
    address = {"postal_code": "LS1 4AP", "country": "GB"}
    body: dict[str, Any] = {"channel": "Web", "currency": "GBP", "lines": lines}
    return PlaceOrder(**{**body, "shipping_address": address, **more})


def test_rules_are_kept_in_order_and_once() -> None:
    rules = [{"type": "capacity"}, {"type": "nearest"}]
    decision = given().when(PutRoutingRules, channel="Web", rules=rules)
    decision.then(ruled("capacity", "nearest"))
    answered = decision.answer["rules"]
    assert isinstance(answered, list)
    assert [rule["type"] for rule in answered] == ["capacity", "nearest"]
    given(*decision.events).when(PutRoutingRules, channel="web", rules=rules).then()
    given(*decision.events).when(PutRoutingRules, channel="web", rules=[]).then(ruled())


def test_every_field_of_a_rule_is_kept() -> None:
    costs = [{"parcel": "4.00", "unit": "0.10"}, {"location": "LON", "parcel": "3"}]
    rules = [
        {"type": "cost", "currency": "GBP", "costs": costs, "per_km": "0.01"},
        {"type": "split_floor", "value": "20", "currency": "GBP"},
    ]
    decision = given(LON).when(PutRoutingRules, channel="web", rules=rules)
    cost = RoutingRule(
        "cost",
        currency="GBP",
        costs=(LocationCost("", 400, 10), LocationCost("LON", 300, 0)),
        per_km=1,
    )
    floor = RoutingRule("split_floor", floor=Money(2000, "GBP"))
    decision.then(RoutingRulesDefined("web", (cost, floor)))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"type": "moon"}, "rules.0.type"),
        ({"type": "nearest", "value": "1.00"}, "rules.0.value"),
        ({"type": "split_floor", "currency": "GBP"}, "rules.0.value"),
        ({"type": "cost", "currency": "GBP"}, "rules.0.costs"),
        ({"type": "cost", "currency": "GBP", "costs": [{"parcel": 1.5}]}, "rules.0.costs.0.parcel"),
        ({"type": "plugin"}, "rules.0.plugin"),
        ({"type": "priority", "options": {}}, "rules.0.options"),
    ],
)
def test_a_rule_fits_its_type(rule: dict[str, Any], field: str) -> None:
    decision = given().when(PutRoutingRules, channel="web", rules=[rule])
    assert [name for name in decision.wrong if name.startswith(field[:7])], decision.wrong


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([{"type": "nearest"}, {"type": "nearest"}], "invalid_fields"),
        (
            [{"type": "cost", "currency": "GBP", "costs": [{"location": "X", "parcel": "1"}]}],
            "unknown_location",
        ),
        (
            [{"type": "cost", "currency": "GBP", "costs": [{"parcel": "1"}, {"parcel": "2"}]}],
            "invalid_fields",
        ),
        ([{"type": "split_floor", "value": "0", "currency": "GBP"}], "invalid_fields"),
        ([{"type": "plugin", "plugin": "none"}], "unknown_plugin"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: list[dict[str, Any]], code: str) -> None:
    given().when(PutRoutingRules, channel="web", rules=rules).then_refused(code)


def test_an_order_is_routed_and_the_decision_is_recorded() -> None:
    past = given(*SHOP, stock(5), stock(5, location="MAN"), ruled("nearest"))
    events = past.when(order(2)).events
    placed = next(event for event in events if isinstance(event, OrderPlaced))
    assert placed.allocations == (Allocation("1", "A", "MAN", 2),)
    assert placed.postal_area == "LS1"
    assert events[-1] == OrderRouted(
        "command-1",
        "placement",
        "web",
        ("nearest",),
        "nearest",
        TODAY,
        (RoutedLine("1", "A", 2),),
        (
            RankedPlace("MAN", 2, (RuleScore("nearest", "57.8", "km"),)),
            RankedPlace("LON", 0, (RuleScore("nearest", "273.1", "km"),)),
        ),
        2,
        placed.allocations,
        (),
        "GB",
        "LS1",
        point_of(53.8, -1.55),
    )


def test_without_rules_nothing_is_decided_and_no_area_is_kept() -> None:
    events = given(*SHOP, stock(5), ruled("nearest", channel="shop")).when(order()).events
    assert not [event for event in events if isinstance(event, OrderRouted)]
    placed = next(event for event in events if isinstance(event, OrderPlaced))
    assert placed.postal_area is None
    assert placed.allocations[0].location == "LON"


def test_an_order_sent_again_after_rules_were_defined_is_the_same_order() -> None:
    first = given(*SHOP, stock(5)).when(order(external_id="x"))
    again = given(*SHOP, stock(5), *first.events, ruled("nearest")).when(order(external_id="x"))
    again.then()


def test_what_is_short_is_refused_as_without_rules() -> None:
    past = given(*SHOP, stock(5), stock(5, location="MAN"), ruled("nearest", "fewest_splits"))
    error: dict[str, Json] = {"line": "1", "sku": "A", "requested": 11, "available": 10}
    past.when(order(11)).then_refused("insufficient_stock", error)
    routed = past.when(order(11, backorder="allow")).events[-1]
    assert isinstance(routed, OrderRouted)
    assert routed.short == (RoutedLine("1", "A", 1),)


def test_a_full_place_is_used_only_when_others_are_too() -> None:
    full = located("LON", 1, 51.5, -0.13, capacity=3)
    shop = (full, MAN, goods(), stock(9), stock(9, location="MAN"), ruled("capacity", "priority"))
    first = given(*shop).when(order(2)).events
    assert first[-1] == UnitsRouted("LON", TODAY, 2)
    second = given(*shop, *first[3:], UnitsRouted("LON", TODAY, 0)).when(order(2, external_id="2"))
    routed = next(event for event in second.events if isinstance(event, OrderRouted))
    assert [(each.location, each.units) for each in routed.ranking] == [("MAN", 2), ("LON", 0)]
    assert routed.decided_by == "capacity"
    yesterday = given(*shop, UnitsRouted("LON", "2026-01-01", 3)).when(order(2)).events
    assert isinstance(yesterday[-1], UnitsRouted), "the capacity of another day is not used up"


def test_more_units_of_an_edited_order_are_routed() -> None:
    past = (*SHOP, stock(5), stock(5, location="MAN"))
    had = ordered(line(1), got=(Allocation("1", "A", "LON", 1),))
    change = {"type": "set_quantity", "line_id": "1", "quantity": 3}
    to = {"type": "set_shipping_address", "address": {"country": "GB", "postal_code": "LS2 8AA"}}
    edit = given(*past, *had, ruled("nearest")).when(EditOrder, order_id="o1", changes=[change, to])
    routed = edit.events[-1]
    assert isinstance(routed, OrderRouted)
    assert (routed.cause, routed.postal_area) == ("edit", "LS2")
    assert routed.allocations == (Allocation("1", "A", "MAN", 2),)


def test_backorders_are_sourced_by_the_rules() -> None:
    short = (Backorder("1", "A", "LON", 2),)
    past = (*SHOP, *ordered(line(2), short=short), stock(6), stock(5, location="MAN"))
    routed = given(*past, ruled("highest_stock", "nearest")).when(AllocateBackorders("o1")).events
    assert isinstance(routed[-1], OrderRouted)
    assert (routed[-1].cause, routed[-1].allocations[0].location) == ("backorders", "LON")


def test_a_resumed_order_is_routed_anew() -> None:
    got = (Allocation("1", "A", "LON", 2),)
    cancelled = OrderCancelled("o1", "customer", None, (LineQuantity("1", 2),), got)
    past = (*SHOP, stock(5), stock(5, location="MAN"), *ordered(line(2), got=got))
    freed = StockReleased("A", "LON", 2, "o1", "1")
    resumed = given(*past, cancelled, freed, ruled("nearest")).when(ResumeOrder("o1")).events[-1]
    assert isinstance(resumed, OrderRouted)
    assert (resumed.cause, resumed.decided_by) == ("resume", "nearest")


def test_a_closed_location_sells_nothing() -> None:
    closed = LocationDefined("LON", "LON", "warehouse", Site(), 1, None, closed=True)
    shop = (place("MAN", 2), closed, goods(), stock(5), stock(5, location="MAN"))
    placed = given(*shop).when(order(5)).events[1]
    assert isinstance(placed, OrderPlaced)
    assert placed.allocations == (Allocation("1", "A", "MAN", 5),)
    error: dict[str, Json] = {"line": "1", "sku": "A", "requested": 6, "available": 5}
    given(*shop).when(order(6)).then_refused("insufficient_stock", error)
    waits = given(closed, goods(), stock(5)).when(order(1, backorder="allow")).events[1]
    assert isinstance(waits, OrderPlaced)
    assert waits.backorders == (Backorder("1", "A", "LON", 1),)


def test_options_of_a_plugin_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "oms_ledger.domain.routing.plugins._installed", {"green": lambda demand, options: {}}
    )
    rules = [{"type": "plugin", "plugin": "green", "options": {"b": "2", "a": "1"}}]
    options = (RuleOption("a", "1"), RuleOption("b", "2"))
    given().when(PutRoutingRules, channel="web", rules=rules).then(
        RoutingRulesDefined("web", (RoutingRule("plugin", plugin="green", options=options),))
    )
