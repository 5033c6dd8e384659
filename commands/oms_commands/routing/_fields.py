"""Fields of routing rules in a request, and their conversion to the domain's types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Latitude,
    Longitude,
    Name,
    Text,
    minor_units,
    positive_minor_units,
)
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.money import Money
from oms_ledger.domain.patterns import POSTAL_PREFIX
from oms_ledger.domain.routing.events import LocationCost, RoutingRule, RuleOption
from oms_ledger.domain.routing.plugins import GROUP, installed
from oms_ledger.kernel import Given

_OF_ONE_TYPE = {
    "value": "split_floor",
    "currency": "split_floor cost",
    "costs": "cost",
    "per_km": "cost",
    "plugin": "plugin",
    "options": "plugin",
}
_NEEDED = {
    "split_floor": ("value", "currency"),
    "cost": ("currency", "costs"),
    "plugin": ("plugin",),
}


@dataclass(frozen=True, slots=True, config=STRICT)
class CostFields:
    """What it costs to send a part of an order from `location`, or from any place that is not
    listed where it is left out: `parcel` for the part, and `unit` for each of its units."""

    parcel: Amount
    unit: Amount | None = None
    location: Code | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class RuleFields:
    """One rule. `value` and `currency` belong to split_floor; `currency`, `costs` and `per_km` to
    cost; `plugin`, the name of an entry point, and its `options` to plugin."""

    type: Literal[
        "priority",
        "nearest",
        "fewest_splits",
        "highest_stock",
        "capacity",
        "cost",
        "split_floor",
        "plugin",
    ]
    value: Amount | None = None
    currency: Currency | None = None
    costs: Annotated[tuple[CostFields, ...], Field(min_length=1, max_length=500)] | None = None
    per_km: Amount | None = None
    plugin: Name | None = None
    options: Annotated[Mapping[Name, Text], Field(max_length=20)] | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> RuleFields:
        for name in _NEEDED.get(self.type, ()):
            if getattr(self, name) is None:
                raise ValueError(f"{name}: a rule of type {self.type} needs it")
        for name, kinds in _OF_ONE_TYPE.items():
            if getattr(self, name) is not None and self.type not in kinds.split():
                raise ValueError(f"{name}: leave it out of a rule of type {self.type}")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class PostalAreaFields:
    """The middle of the area whose postal codes begin with `prefix`, in degrees (WGS 84); with an
    empty prefix, of the country."""

    prefix: Annotated[str, Field(pattern=POSTAL_PREFIX)]
    latitude: Latitude
    longitude: Longitude


RulesFields = Annotated[tuple[RuleFields, ...], Field(max_length=20)]


def rules_of(rules: Sequence[RuleFields]) -> tuple[RoutingRule, ...]:
    """The rules in the domain's types. `Invalid` where a rule is there twice, or an amount cannot
    be."""
    made = tuple(_rule_of(n, rule) for n, rule in enumerate(rules))
    names = [rule.name for rule in made]
    for n, name in enumerate(names):
        if name in names[:n]:
            raise invalid_field(
                f"rules.{n}.type", f"There is a rule {name} already. Write it once."
            )
    return made


def refuse_unknown(rules: Iterable[RoutingRule], given: Given) -> None:
    """`Refused` with `unknown_location` or `unknown_plugin`."""
    for rule in rules:
        for entry in rule.costs:
            if entry.location:
                require_location(given, entry.location)
        if rule.plugin is not None and rule.plugin not in installed():
            raise Refused(
                f"There is no routing plug-in {rule.plugin!r}. Install a package that has an entry"
                f" point of this name in the group {GROUP}, and start the program again.",
                code="unknown_plugin",
                errors=[{"plugin": rule.plugin}],
            )


def _rule_of(n: int, rule: RuleFields) -> RoutingRule:
    field = f"rules.{n}"
    currency = rule.currency or ""
    if rule.type == "split_floor" and rule.value is not None:
        floor = positive_minor_units(rule.value, currency, f"{field}.value")
        return RoutingRule(rule.type, floor=Money(floor, currency))
    if rule.type == "cost":
        return RoutingRule(
            rule.type,
            currency=currency,
            costs=tuple(_costs(rule.costs or (), currency, field)),
            per_km=minor_units(rule.per_km, currency, f"{field}.per_km"),
        )
    options = sorted((rule.options or {}).items())
    return RoutingRule(
        rule.type, plugin=rule.plugin, options=tuple(RuleOption(*each) for each in options)
    )


def _costs(costs: Iterable[CostFields], currency: str, field: str) -> Iterable[LocationCost]:
    locations: set[str] = set()
    for n, each in enumerate(costs):
        location = each.location or ""
        if location in locations:
            raise invalid_field(
                f"{field}.costs.{n}.location", "It has costs already. Write them once."
            )
        locations.add(location)
        yield LocationCost(
            location,
            minor_units(each.parcel, currency, f"{field}.costs.{n}.parcel"),
            minor_units(each.unit, currency, f"{field}.costs.{n}.unit"),
        )
