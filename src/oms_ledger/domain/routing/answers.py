"""Answers about routing, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, Sku


class LocationCostAnswer(TypedDict):
    location: Harmless | None
    parcel: Harmless
    unit: str


class RoutingRuleAnswer(TypedDict):
    """Which fields count depends on the `type` of the rule; the others are null or empty."""

    type: Harmless
    value: str | None
    currency: Harmless | None
    costs: list[LocationCostAnswer]
    per_km: Harmless | None
    plugin: str | None
    options: dict[str, Harmless]


class RoutingRulesAnswer(TypedDict):
    """`note`: why the rules are as they are."""

    channel: Harmless
    note: str | None
    rules: list[RoutingRuleAnswer]


class PostalAreasAnswer(TypedDict):
    """`areas`: how many there are. `origin`: where the table is from."""

    country: Harmless
    areas: int
    origin: Harmless | None
    version: int


class RuleScoreAnswer(TypedDict):
    """What a rule has compared of a place."""

    rule: str
    value: str
    unit: str


class RankedPlaceAnswer(TypedDict):
    """A place in the order of a decision. `units` is what the order gets from it, `reason` a
    sentence with what the rules have compared."""

    location: Harmless
    units: int
    scores: list[RuleScoreAnswer]
    reason: str


class RoutedLineAnswer(TypedDict):
    line_id: LinkText
    sku: Sku
    quantity: int


class RoutedUnitsAnswer(TypedDict):
    line_id: LinkText
    sku: Sku
    location: Harmless
    quantity: int


class PointAnswer(TypedDict):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class DestinationAnswer(TypedDict):
    country: Harmless | None
    postal_area: Harmless | None
    point: PointAnswer | None


class RankingAnswer(TypedDict):
    """The places for an order in the order of the rules. `decided_by`: the rule by which the first
    place was preferred to the best one that was not needed. `places`: how many there were, of which
    `ranking` has the first. `short`: what no place has."""

    rules: list[Harmless]
    decided_by: Harmless
    destination: DestinationAnswer
    day: Harmless
    lines: list[RoutedLineAnswer]
    ranking: list[RankedPlaceAnswer]
    places: int
    allocations: list[RoutedUnitsAnswer]
    short: list[RoutedLineAnswer]
    excluded: list[Harmless]
    faults: list[Harmless]


class RoutingDecisionAnswer(RankingAnswer):
    cause: str
    at: Harmless
    actor: Harmless
    position: int


class OrderRoutingAnswer(TypedDict):
    """The decisions by rules, the oldest first; none where the channel had no rules."""

    order_id: OrderId
    items: list[RoutingDecisionAnswer]


class SimulatedRankingAnswer(RankingAnswer):
    """`order_id` is null for an order that is not placed. `others`: why a place is not in the
    ranking, by code."""

    order_id: OrderId | None
    others: dict[str, Harmless]


class LocationFiguresAnswer(TypedDict):
    location: Harmless
    parcels: int
    units: int


class RoutingFiguresAnswer(TypedDict):
    """Sums over orders as they were placed; see docs/routing.md. `km` is that of the
    `measured_parcels`, `cost` that of the `costed_parcels`."""

    orders: int
    parcels: int
    split_orders: int
    split_rate: float | None
    parcels_per_order: float | None
    units: int
    short_orders: int
    short_units: int
    measured_parcels: int
    km: float
    km_per_parcel: float | None
    costed_parcels: int
    cost: Harmless | None
    currency: Harmless | None
    units_over_capacity: int
    locations: list[LocationFiguresAnswer]


class BacktestAnswer(TypedDict):
    """`done` is what was done, `by_rules` what each set of rules would have done, by name.
    `untracked_orders` were imported without stock, and are in neither."""

    position: int
    untracked_orders: int
    done: RoutingFiguresAnswer
    by_rules: dict[str, RoutingFiguresAnswer]


class SimulationAnswer(TypedDict):
    """One of both; the other is null."""

    ranking: SimulatedRankingAnswer | None
    backtest: BacktestAnswer | None
