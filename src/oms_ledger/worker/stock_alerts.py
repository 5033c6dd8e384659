"""The loop of stock alerts: SKUs with alerts whose stock has changed are compared with them.

Whether stock can be sold depends on balances, products, locations and channels. Versions of all
these are read here, and a SKU is checked where one of them has changed. The command decides on the
stock as it is, and records a crossing only where the newest one was the other way round: so it does
no harm that read models lag, that a worker ends in the middle, or that two check at once. What is
crossed and crossed back between two looks has no event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from oms_ledger.app import Oms
from oms_ledger.policies.stock_alerts import check_alerts
from oms_ledger.worker.steps import StepAfterChange, execute_all
from oms_projections.stock_levels import READ_MODEL
from oms_projections.values import column

ACTOR = "system:stock_alerts"

JOB = "stock_alerts"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look whether stock has changed."""

PAGE_SKUS = 500


class WatchedStock(NamedTuple):
    """Versions of what the alerts of a SKU depend on. While none has changed, no threshold was
    crossed."""

    alerts: int
    products: int
    stock: int
    settings: tuple[int, int]


class StockAlertChecks:
    """Checks the alerts of SKUs whose stock has changed. `attempt` is the step of a loop. Used by
    one thread."""

    def __init__(self, oms: Oms) -> None:
        self._oms = oms
        self._checked: dict[str, WatchedStock] = {}
        self.attempt = StepAfterChange(oms, READ_MODEL.name, JOB, self.step, POLL_SECONDS).attempt

    def step(self) -> int:
        """Check the alerts of each SKU whose stock has changed; how many were checked."""
        checked = 0
        for page in self._watched():
            changed = {sku: of for sku, of in page.items() if self._checked.get(sku) != of}
            self._check(list(changed))
            self._checked |= changed
            checked += len(changed)
        return checked

    def _watched(self) -> Iterator[Mapping[str, WatchedStock]]:
        """Pages of the SKUs that have alerts."""
        after = ""
        while True:
            with self._oms.readers.open(READ_MODEL.name) as (reader, _):
                rows = reader.rows("watched_skus", after=after, limit=PAGE_SKUS)
                (of_settings,) = reader.rows("versions_of_settings") if rows else ({},)
            yield {
                column(row, "sku", str): WatchedStock(
                    column(row, "alerts", int),
                    column(row, "products", int),
                    column(row, "stock", int),
                    (column(of_settings, "locations", int), column(of_settings, "channels", int)),
                )
                for row in rows
            }
            if len(rows) < PAGE_SKUS:
                return
            after = column(rows[-1], "sku", str)

    def _check(self, skus: list[str]) -> None:
        execute_all(self._oms, [check_alerts(sku) for sku in skus], ACTOR)
