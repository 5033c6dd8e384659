"""Events of routing as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.routing.events import (
    OrderRouted,
    PostalAreasDefined,
    RoutingEvent,
    RoutingRulesDefined,
    UnitsRouted,
)


def describe_routing(event: RoutingEvent) -> str:
    match event:
        case RoutingRulesDefined():
            names = ", ".join(rule.name for rule in event.rules) or "none"
            return f"Routing rules of channel {event.channel} defined: {names}"
        case PostalAreasDefined():
            return f"{len(event.areas)} postal areas of {event.country} defined"
        case UnitsRouted():
            return f"{event.units} units routed to {event.location} on {event.day}"
        case OrderRouted():
            places = [place.location for place in event.ranking if place.units]
            to = ", ".join(places) or "no place"
            return f"Routed to {to}; decided by {event.decided_by}; cause: {event.cause}"
        case _:
            assert_never(event)
