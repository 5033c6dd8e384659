"""States of routing: decisions about an order, the load of a place, postal areas of a country."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.events import (
    OrderRouted,
    PostalAreasDefined,
    RoutingRule,
    UnitsRouted,
)
from oms_ledger.kernel import Event, Given, Ref, State


@dataclass(slots=True)
class OrderRouting(State):
    """The routing of an order. `excluded` are the places that it is not to be sent from."""

    category: ClassVar[str] = "order_routing"
    version: int = 0
    order_id: str = ""
    excluded: list[str] = field(default_factory=list)

    @property
    def owner(self) -> Ref | None:
        return (Order, self.order_id) if self.order_id else None

    def apply(self, event: Event) -> None:
        if not isinstance(event, OrderRouted):
            raise TypeError(f"{event.type} does not belong to the routing of an order")
        self.order_id = event.order_id
        self.excluded = list(dict.fromkeys([*self.excluded, *event.excluded]))


@dataclass(slots=True)
class LocationLoad(State):
    """`units` were routed to a place on its newest `day`."""

    category: ClassVar[str] = "location_load"
    version: int = 0
    day: str = ""
    units: int = 0

    def apply(self, event: Event) -> None:
        if not isinstance(event, UnitsRouted):
            raise TypeError(f"{event.type} does not belong to the load of a location")
        if event.day > self.day:
            self.day, self.units = event.day, 0
        if event.day == self.day:
            self.units += event.units

    def on(self, day: str) -> int:
        """The units that were routed to it on a day, 0 for any but the newest."""
        return self.units if day == self.day else 0


@dataclass(slots=True)
class PostalAreas(State):
    """The middles of the postal areas of a country, by prefix, and where they are from."""

    category: ClassVar[str] = "postal_areas"
    version: int = 0
    points: dict[str, GeoPoint] = field(default_factory=dict)
    origin: str | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, PostalAreasDefined):
            raise TypeError(f"{event.type} does not belong to postal areas")
        self.points = {area.prefix: area.point for area in event.areas}
        self.origin = event.origin

    def point_of(self, area: str | None) -> GeoPoint | None:
        """The middle of the smallest area that contains this one, or of the country; None where
        neither is known."""
        for length in range(len(area or ""), -1, -1):
            point = self.points.get((area or "")[:length])
            if point is not None:
                return point
        return None


def routing_rules(channel: str, given: Given) -> tuple[RoutingRule, ...]:
    """The rules of a channel, in order; none where it has none."""
    return given.state(ChannelSettings, channel_key(channel)).routing
