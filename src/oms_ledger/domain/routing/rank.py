"""The order of places for a demand, by rules.

A rule divides places into groups, the best first, and the next rule orders each group. What no rule
decides is decided by priority and code, so that the same demand gives the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, groupby, islice
from typing import TypeAlias

from oms_ledger.domain.geography import GeoPoint, metres_between, shared_prefix
from oms_ledger.domain.money import to_text
from oms_ledger.domain.routing.demand import Demand, Place
from oms_ledger.domain.routing.events import LocationCost, RoutingRule, RuleScore
from oms_ledger.domain.routing.plugins import scores_of

COMBINATIONS_MAX = 2_000
"""Sets of places that are tried for the fewest splits, before the set is approximated."""

ONLY_PLACE = "only_place"
"""What has decided where there was one place only, or all of them were needed."""

PRIORITY_AND_CODE = "priority_and_code"
"""What has decided where two places are alike by all rules."""

Key: TypeAlias = tuple[float | Fraction, ...]
Remaining: TypeAlias = dict[str, int]
"""Units by SKU that no place before covers."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """`codes` of the places in order, the `scores` that rules have compared of each, and `faults`
    of plug-ins. `decided_by` tells two places apart."""

    codes: tuple[str, ...]
    scores: Mapping[str, Sequence[RuleScore]]
    faults: tuple[str, ...]
    rules: tuple[str, ...]
    paths: Mapping[str, Sequence[int]]

    def decided_by(self, used: Iterable[str]) -> str:
        """The first rule by which the first place comes before the best one that was not used."""
        needed = set(used)
        first = next((code for code in self.codes if code in needed), None)
        other = next((code for code in self.codes if code not in needed), None)
        if first is None or other is None:
            return ONLY_PLACE
        for rule, one, another in zip(
            self.rules, self.paths[first], self.paths[other], strict=True
        ):
            if one != another:
                return rule
        return PRIORITY_AND_CODE


def rank(demand: Demand, rules: Sequence[RoutingRule]) -> Ranking:
    """Rank all places of a demand. Rules about lines, such as split_floor, rank no places."""
    ranker = _Ranker(demand)
    ranking = [rule for rule in rules if rule.kind != "split_floor"]
    codes = ranker.order(list(demand.places), ranking, demand.units_by_sku)
    names = tuple(rule.name for rule in ranking)
    return Ranking(tuple(codes), ranker.scores, tuple(ranker.faults), names, ranker.paths)


@dataclass(slots=True)
class _Ranker:
    demand: Demand
    scores: dict[str, list[RuleScore]] = field(default_factory=dict)
    paths: dict[str, list[int]] = field(default_factory=dict)
    faults: dict[str, None] = field(default_factory=dict)
    plugin_scores: dict[RoutingRule, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scores = {code: [] for code in self.demand.places}
        self.paths = {code: [] for code in self.demand.places}

    def order(
        self, group: list[str], rules: Sequence[RoutingRule], remaining: Remaining
    ) -> list[str]:
        """Order a group of places, and take what each covers out of `remaining`."""
        if not rules:
            ordered = sorted(group, key=lambda code: (self.demand.places[code].priority, code))
            for code in ordered:
                take(self.demand.places[code], remaining)
            return ordered
        ordered = []
        for n, part in enumerate(self._parts(group, rules[0], rules[1:], remaining)):
            for code in part:
                self.paths[code].append(n)
            ordered += self.order(part, rules[1:], remaining)
        return ordered

    def _parts(
        self,
        group: list[str],
        rule: RoutingRule,
        rest: Sequence[RoutingRule],
        remaining: Remaining,
    ) -> list[list[str]]:
        if rule.kind == "fewest_splits":
            return self._cover_and_others(group, rule, rest, remaining)
        keyed: list[tuple[Key, str]] = []
        for code in group:
            key, score = self._score(rule, self.demand.places[code], remaining)
            self.scores[code].append(score)
            keyed.append((key, code))
        keyed.sort()
        return [[code for _, code in part] for _, part in groupby(keyed, lambda pair: pair[0])]

    def _cover_and_others(
        self,
        group: list[str],
        rule: RoutingRule,
        rest: Sequence[RoutingRule],
        remaining: Remaining,
    ) -> list[list[str]]:
        preferred = _Ranker(self.demand).order(list(group), rest, dict(remaining))
        chosen = fewest(self.demand, preferred, remaining)
        for code in group:
            value = f"one of {len(chosen)}" if code in chosen else "not needed"
            self.scores[code].append(RuleScore(rule.name, value, "places"))
        others = [code for code in group if code not in chosen]
        return [part for part in ([*chosen], others) if part]

    def _score(
        self, rule: RoutingRule, place: Place, remaining: Remaining
    ) -> tuple[Key, RuleScore]:
        if rule.kind == "plugin":
            return self._plugin_score(rule, place)
        key, value, unit = SCORES[rule.kind](rule, place, self.demand, remaining)
        return key, RuleScore(rule.name, value, unit)

    def _plugin_score(self, rule: RoutingRule, place: Place) -> tuple[Key, RuleScore]:
        if rule not in self.plugin_scores:
            options = {option.name: option.value for option in rule.options}
            scores, fault = scores_of(rule.plugin or "", self.demand, options)
            self.plugin_scores[rule] = scores
            if fault is not None:
                self.faults[fault] = None
        score = self.plugin_scores[rule].get(place.code)
        if score is None:
            return (1,), RuleScore(rule.name, "none", "score")
        return (0, score), RuleScore(rule.name, f"{score:g}", "score")


def covered(place: Place, remaining: Mapping[str, int]) -> int:
    """The units of what remains that a place can cover."""
    units = 0
    for sku, there in place.units.items():
        units += min(there, remaining.get(sku, 0))
    return units


def take(place: Place, remaining: Remaining) -> None:
    """Take what a place can cover out of what remains."""
    for sku, there in place.units.items():
        missing = remaining.get(sku, 0)
        if missing:
            remaining[sku] = missing - min(there, missing)


def fewest(demand: Demand, preferred: Sequence[str], remaining: Mapping[str, int]) -> list[str]:
    """The smallest set of places that covers as much of what remains as all of them. Of several
    the one whose places come first in `preferred`. Beyond `COMBINATIONS_MAX` sets it is the one to
    which the place that covers most is added until nothing more can be."""
    places = {code: demand.places[code] for code in preferred}
    target: Remaining = {}
    for sku, missing in remaining.items():
        there = sum(place.units.get(sku, 0) for place in places.values())
        if wanted := min(missing, there):
            target[sku] = wanted
    greedy = _greedy_cover(places, target)
    useful = [code for code in preferred if covered(places[code], target)]
    left = COMBINATIONS_MAX
    for size in range(1, len(greedy) + 1):
        for chosen in islice(combinations(useful, size), left):
            left -= 1
            if _covers(chosen, places, target):
                return list(chosen)
        if not left:
            break
    return greedy


def _covers(chosen: Sequence[str], places: Mapping[str, Place], target: Mapping[str, int]) -> bool:
    for sku, wanted in target.items():
        if sum(places[code].units.get(sku, 0) for code in chosen) < wanted:
            return False
    return True


def _greedy_cover(places: Mapping[str, Place], target: Mapping[str, int]) -> list[str]:
    missing, left, chosen = dict(target), dict(places), list[str]()
    while any(missing.values()):
        best = max(left, key=lambda code: covered(left[code], missing))
        take(left.pop(best), missing)  # its units are used up
        chosen.append(best)
    return chosen


Scored: TypeAlias = tuple[Key, str, str]
"""What places are compared by, the lowest first, and its value and unit for people."""


def _priority(rule: RoutingRule, place: Place, demand: Demand, remaining: Remaining) -> Scored:
    return (place.priority,), str(place.priority), "priority"


def _nearest(rule: RoutingRule, place: Place, demand: Demand, remaining: Remaining) -> Scored:
    """By distance where it is known; else places of the same country first, and of these those
    whose postal area begins like the destination's."""
    to, metres = demand.destination, metres_to(demand, place.point)
    if metres is not None:
        return (0, metres), f"{metres / 1000:.1f}", "km"
    if to.country is None or to.country != place.country:
        return (2,), "unknown", "km"
    alike = shared_prefix(to.postal_area or "", place.postal_area or "")
    return (1, -alike), str(alike), "characters of the postal area in common"


def metres_to(demand: Demand, point: GeoPoint | None) -> int | None:
    """From a point to the destination; None where either is not known."""
    to = demand.destination.point
    return None if to is None or point is None else metres_between(to, point)


def _stock(rule: RoutingRule, place: Place, demand: Demand, remaining: Remaining) -> Scored:
    units = sum(place.units.values())
    return (-units,), str(units), "units in stock"


def _capacity(rule: RoutingRule, place: Place, demand: Demand, remaining: Remaining) -> Scored:
    left = place.capacity_left
    if left is None:
        return (0,), "no limit", "units of capacity"
    fits = covered(place, remaining) <= left
    return (0 if fits else 1,), str(max(0, left)), "units of capacity left"


def _cost(rule: RoutingRule, place: Place, demand: Demand, remaining: Remaining) -> Scored:
    """By the cost of each unit that the place can cover: many units share the cost of a parcel."""
    units, metres = covered(place, remaining), metres_to(demand, place.point)
    cost = parcel_cost(rule, place.code, metres, units)
    currency = rule.currency or demand.currency
    if cost is None or not units:
        return (1,), "unknown", currency
    return (0, Fraction(cost, units)), to_text(cost, currency), f"{currency} for {units} units"


def parcel_cost(rule: RoutingRule, code: str, metres: int | None, units: int) -> int | None:
    """What it costs to send so many units so far from a place, in minor units of the rule's
    currency; None where it has no cost, or a cost for each kilometre and the distance is not
    known."""
    entry = cost_entry(rule, code)
    if entry is None or (rule.per_km and metres is None):
        return None
    return entry.parcel + entry.unit * units + rule.per_km * (metres or 0) // 1000


def cost_entry(rule: RoutingRule, code: str) -> LocationCost | None:
    """The costs of a place, or those of places without an entry; of several the last."""
    others: LocationCost | None = None
    for entry in reversed(rule.costs):
        if entry.location == code:
            return entry
        if not entry.location and others is None:
            others = entry
    return others


SCORES: Mapping[str, Callable[[RoutingRule, Place, Demand, Remaining], Scored]] = {
    "priority": _priority,
    "nearest": _nearest,
    "highest_stock": _stock,
    "capacity": _capacity,
    "cost": _cost,
}
