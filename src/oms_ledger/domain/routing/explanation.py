"""Why a place is where it is in the ranking for one order, with the stock of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.routing.events import OrderRouted, RoutingRule
from oms_ledger.domain.routing.fill import fill
from oms_ledger.domain.routing.rank import rank
from oms_ledger.domain.routing.source import Sourcing, demand_of, order_routed
from oms_ledger.domain.routing.state import routing_rules
from oms_ledger.domain.stock.rules import (
    available_units,
    by_priority,
    kits_of,
    of_channel,
    sellable_units,
    skus_taken,
    stock_by_location,
)
from oms_ledger.kernel import Given

OTHERS_MAX = 200
"""Places without stock that an explanation names."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision as it would be made, and by code why other places are not in its ranking."""

    routed: OrderRouted
    others: Mapping[str, str]


def explain(
    given: Given,
    terms: OrderTerms,
    postal_area: str | None,
    rules: Sequence[RoutingRule] | None,
    now: datetime,
) -> Explanation:
    """Route an order that is not placed, by `rules` or else by those of its channel."""
    chosen = routing_rules(terms.channel, given) if rules is None else tuple(rules)
    wanted = [(line.line_id, line.sku, line.quantity) for line in terms.lines if line.stocked]
    stock = stock_by_location(given, skus_taken(terms.lines))
    available = sellable_units(given, stock, terms.channel)
    kits = kits_of(terms.lines)
    sourcing = Sourcing("", terms, "simulation", now, kits, postal_area)
    demand = demand_of(sourcing, wanted, available, given)
    ranking = rank(demand, chosen)
    plan = fill(wanted, available, demand, ranking, chosen, kits)
    routed = order_routed(sourcing, demand, ranking, plan, chosen)
    at_hand = of_channel(available_units(given, stock), terms.channel, given)
    kept = {code for places in at_hand.values() for code, units in places.items() if units > 0}
    others: dict[str, str] = {}
    sold_at = set(of_channel({"": dict.fromkeys(_codes(given), 0)}, terms.channel, given)[""])
    for code in _codes(given):
        if code not in demand.places and len(others) < OTHERS_MAX:
            others[code] = _why_not(code, given, sold_at, kept)
    return Explanation(routed, others)


def placed_order(given: Given, order_id: str) -> Order:
    """An order in the ledger. `NotFound` where there is none."""
    order = given.state(Order, order_id)
    if order.placed is None:
        raise NotFound(f"There is no order {order_id}. Look it up with GET /v1/orders?q=...")
    return order


def _codes(given: Given) -> list[str]:
    return by_priority(given.all(Location))


def _why_not(code: str, given: Given, sold_at: Collection[str], kept: Collection[str]) -> str:
    if given.state(Location, code).closed:
        return "it is closed"
    if code not in sold_at:
        return "the channel does not sell its stock"
    if code in kept:
        return "all that it has is kept for backorders"
    return "it has none of what is wanted beyond its safety stock"
