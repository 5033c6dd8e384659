"""Which other stock units of an order get that their location does not ship.

All commands that route units anew go through `reroute`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.rules import (
    Plan,
    allocate,
    sellable_units,
    stock_by_location,
    stock_group_refs,
)
from oms_ledger.kernel import Given, Ref

Wanted = tuple[str, str, int]
"""Line id, SKU and units."""


def reroute(
    order: Order, wanted: Iterable[Wanted], excluded: Collection[str], given: Given
) -> Plan:
    """The stock that the order's channel has for these units at other locations than those
    `excluded`, in order of priority, and what none of them has."""
    wanted = list(wanted)
    stock = stock_by_location(given, {sku for _, sku, _ in wanted})
    sellable = sellable_units(given, stock, order.terms.channel)
    elsewhere = {
        sku: {code: units for code, units in places.items() if code not in excluded}
        for sku, places in sellable.items()
    }
    return allocate(wanted, elsewhere)


def rerouting_refs(order: Order, line_ids: Iterable[str]) -> list[Ref]:
    """What `reroute` reads for units of these lines."""
    skus = sorted({order.lines[line_id].line.sku for line_id in line_ids})
    return [ref for sku in skus for ref in stock_group_refs(sku)]


def rejecting_locations(states: Iterable[Fulfilment]) -> set[str]:
    """Locations that have rejected work on the order and not accepted it since."""
    return {
        state.opened.location
        for state in states
        if state.opened is not None and state.rejection is not None
    }
