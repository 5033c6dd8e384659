"""Commands about routing: rules of channels, postal areas, and routing an order anew."""

from __future__ import annotations

from oms_commands.routing.put_postal_areas import PutPostalAreas
from oms_commands.routing.put_rules import PutRoutingRules
from oms_commands.routing.reroute import RerouteOrder
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PutRoutingRules,
    PutPostalAreas,
    RerouteOrder,
)
