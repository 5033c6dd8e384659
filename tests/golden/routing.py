"""What the golden files of routing mean."""

from __future__ import annotations

from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.routing.events import (
    LocationCost,
    OrderRouted,
    PostalArea,
    PostalAreasDefined,
    RankedPlace,
    RoutedLine,
    RoutingEvent,
    RoutingRule,
    RoutingRulesDefined,
    RuleOption,
    RuleScore,
    UnitsRouted,
)

_LEEDS = GeoPoint(53_800_000, -1_550_000)

ROUTING_LITERALS: tuple[RoutingEvent, ...] = (
    RoutingRulesDefined(
        "web",
        (
            RoutingRule(
                "cost",
                Money(2000, "GBP"),
                "GBP",
                (LocationCost("LON", 400, 10),),
                1,
                "greenest",
                (RuleOption("region", "north"),),
            ),
        ),
        "cheaper",
    ),
    PostalAreasDefined("GB", (PostalArea("LS", _LEEDS),), "GeoNames"),
    UnitsRouted("LON", "2026-01-02", 3),
    OrderRouted(
        "o1",
        "placement",
        "web",
        ("nearest", "priority"),
        "nearest",
        "2026-01-02",
        (RoutedLine("1", "85123A", 3),),
        (RankedPlace("LON", 2, (RuleScore("nearest", "273.1", "km"),)),),
        2,
        (Allocation("1", "85123A", "LON", 2),),
        (RoutedLine("1", "85123A", 1),),
        "GB",
        "LS1",
        _LEEDS,
        ("MAN",),
        ("greenest: it raised KeyError",),
    ),
)
