"""Short picks: allocated units that are not on the shelf."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.fulfilments.reroute import rejecting_locations, reroute
from oms_ledger.domain.fulfilments.rules import Case, reallocated
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.rules import locations_of
from oms_ledger.kernel import Change, Given

SHORT_PICK = "short pick"
"""The reason of the stock's adjustment."""


def short_pick(
    case: Case, short: Mapping[str, int], given: Given, *, write_off: bool
) -> list[Change]:
    """Units by `line_id` get stock of other locations, or wait where none has any. With
    `write_off` they are taken off the stock of the location, so that they are not sold again."""
    order, here = case.order, case.work.name.location
    wanted = [(line_id, order.lines[line_id].line.sku, n) for line_id, n in short.items()]
    excluded = {here, *rejecting_locations(work.state for work in case.works.values())}
    plan = reroute(order, wanted, excluded, given)
    first = next(iter(locations_of(order.terms.channel, given)), here)
    backorders = [
        Backorder(each.line_id, each.sku, first, each.requested - each.available)
        for each in plan.shortages
    ]
    changes = reallocated(case, short, plan.allocations, backorders)
    if write_off:
        missing: dict[str, int] = {}
        for _, sku, units in wanted:
            missing[sku] = missing.get(sku, 0) + units
        changes += [
            Change(StockAdjusted(sku, here, -units, SHORT_PICK, case.work.fulfilment_id))
            for sku, units in missing.items()
        ]
    return changes
