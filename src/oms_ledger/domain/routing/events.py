"""Events of routing: rules, decisions about orders, the load of locations, and postal areas."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, Sku
from oms_ledger.kernel import Event, Record


class LocationCost(Record, frozen=True):
    """What it costs to send from `location`, or from a place that has no entry where it is empty:
    `parcel` for the place's part of an order, and `unit` for each unit. Minor units of the rule's
    currency."""

    location: Harmless
    parcel: int
    unit: int = 0


class RuleOption(Record, frozen=True):
    """An option of a rule that a plug-in implements."""

    name: Harmless
    value: str


class RoutingRule(Record, frozen=True):
    """One rule of a channel. `kind`: priority, nearest, fewest_splits, highest_stock, capacity,
    cost, split_floor or plugin. `floor` is the value of a line below which split_floor avoids
    splits. `currency`, `costs` and `per_km` (minor units for each kilometre of a parcel) belong to
    cost; `plugin` is the name of an entry point, `options` are its options."""

    kind: Harmless
    floor: Money | None = None
    currency: Harmless | None = None
    costs: tuple[LocationCost, ...] = ()
    per_km: int = 0
    plugin: str | None = None
    options: tuple[RuleOption, ...] = ()

    @property
    def name(self) -> str:
        """How decisions name the rule."""
        return f"plugin:{self.plugin}" if self.kind == "plugin" else self.kind


class RoutingRulesDefined(Event, frozen=True):
    """The rules by which the orders of a channel are routed, whole and in order; without any, by
    the priority of locations. `note`: why. Written to the stream of the channel's settings."""

    type: ClassVar[str] = "channel_settings.routing_defined.v1"
    category: ClassVar[str] = "channel_settings"
    channel: Harmless
    rules: tuple[RoutingRule, ...]
    note: str | None = None

    @property
    def key(self) -> str:
        return self.channel


class PostalArea(Record, frozen=True):
    """Where the middle of a postal area is. `prefix` is the beginning of its postal codes; empty:
    the middle of the country."""

    prefix: Harmless
    point: GeoPoint


class PostalAreasDefined(Event, frozen=True):
    """The postal areas of a country, whole. `origin`: where the table is from."""

    type: ClassVar[str] = "postal_areas.defined.v1"
    category: ClassVar[str] = "postal_areas"
    country: Harmless
    areas: tuple[PostalArea, ...]
    origin: Harmless | None = None

    @property
    def key(self) -> str:
        return self.country


class UnitsRouted(Event, frozen=True):
    """`units` were routed to a location on `day` (UTC, YYYY-MM-DD), for orders of channels with a
    rule about capacity."""

    type: ClassVar[str] = "location_load.units_routed.v1"
    category: ClassVar[str] = "location_load"
    location: Harmless
    day: Harmless
    units: int

    @property
    def key(self) -> str:
        return self.location


class RoutedLine(Record, frozen=True):
    """A line, or a part of it, that needed stock."""

    line_id: LinkText
    sku: Sku
    quantity: int


class RuleScore(Record, frozen=True):
    """What a rule has compared of a place: `value`, in `unit`."""

    rule: str
    value: str
    unit: str


class RankedPlace(Record, frozen=True):
    """A place in the order of a decision. `units` is what the order gets from it, `scores` are what
    the rules have compared, in order."""

    location: Harmless
    units: int
    scores: tuple[RuleScore, ...] = ()


class OrderRouted(Event, frozen=True):
    """A decision where units of an order come from. `cause`: placement, import, edit, resume,
    backorders, or the reason of a re-route. `rules`: their names, in order. `decided_by`: the rule
    by which the first place was preferred to the best one that was not needed. `ranking`: the first
    places in order, and all that send something; `places`: how many there were. `short`: what no
    place has. `country`, `postal_area` and `point`: the destination, as far as it is known.
    `excluded`: places that were left out. `faults`: what a plug-in did wrong."""

    type: ClassVar[str] = "order_routing.decided.v1"
    category: ClassVar[str] = "order_routing"
    order_id: OrderId
    cause: str
    channel: Harmless
    rules: tuple[Harmless, ...]
    decided_by: Harmless
    day: Harmless
    lines: tuple[RoutedLine, ...]
    ranking: tuple[RankedPlace, ...]
    places: int
    allocations: tuple[Allocation, ...]
    short: tuple[RoutedLine, ...] = ()
    country: Harmless | None = None
    postal_area: Harmless | None = None
    point: GeoPoint | None = None
    excluded: tuple[Harmless, ...] = ()
    faults: tuple[Harmless, ...] = ()

    @property
    def key(self) -> str:
        return self.order_id


RoutingEvent: TypeAlias = RoutingRulesDefined | PostalAreasDefined | UnitsRouted | OrderRouted
ROUTING_EVENTS: tuple[type[RoutingEvent], ...] = get_args(RoutingEvent)
