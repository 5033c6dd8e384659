"""Short picks: allocated units that are not on the shelf."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.fulfilments.reroute import rejecting_locations, units_here
from oms_ledger.domain.fulfilments.rules import FulfilmentTarget
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.routing.reroute import reroute
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.movements import lots_changed, lots_of_adjustment
from oms_ledger.domain.stock.rules import kits_of, units_taken
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Context, Given

SHORT_PICK = "short pick"
"""The reason of the stock's adjustment, and the cause of the routing."""


def short_pick(
    target: FulfilmentTarget,
    short: Mapping[str, int],
    ctx: Context,
    given: Given,
    *,
    write_off: bool,
) -> list[Change]:
    """Units by `line_id` get stock of other locations, or wait where none has any. With
    `write_off` they are taken off the stock of the location, so that they are not sold again; of a
    kit all its components, since the one that is missing is not known. Without, the location is
    excluded: the order would get the same units there again."""
    here = target.work.name.location
    excluded = set(rejecting_locations(work.state for work in target.works.values()))
    if not write_off:
        excluded.add(here)
    missing = units_here(target, short.items())
    rerouted = reroute(target.order, missing, excluded, SHORT_PICK, ctx, given, skipped=(here,))
    changes = [*rerouted.changes]
    if write_off:
        units: dict[str, int] = {}
        kits = kits_of(progress.line for progress in target.order.lines.values())
        for _, sku, _, quantity in units_taken(missing, kits):
            units[sku] = units.get(sku, 0) + quantity
        for sku, n in units.items():
            changes += _written_off(sku, here, n, target.work.fulfilment_id, given)
    return changes


def _written_off(sku: str, here: str, units: int, reference: str, given: Given) -> list[Change]:
    level = given.state(StockLevel, stock_key(sku, here))
    lots = lots_of_adjustment(level, sku, here, -units, None, given)
    adjusted = StockAdjusted(sku, here, -units, SHORT_PICK, reference)
    return [*lots_changed(sku, here, lots, reference), Change(adjusted)]
