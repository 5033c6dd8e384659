"""The loop of backorders: what comes in goes to the orders that wait, the longest first.

Whichever way stock becomes free (a receipt, a return, a release, a transfer, a count, an expired
reservation, a lower safety stock), it shows in the balances, and those of the SKUs that are waited
for are read here. Until then placement keeps these units from newer orders. The commands decide on
the stock as it is, and an order that waits no more gets nothing: so it does no harm that read
models lag, or that a worker ends in the middle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from oms_ledger.app import Oms
from oms_ledger.policies.backorders import fill_line
from oms_ledger.worker.steps import execute_all
from oms_projections.backorders import READ_MODEL
from oms_projections.stock_levels import READ_MODEL as STOCK
from oms_projections.values import column

ACTOR = "system:backorders"

JOB = "backorders"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look for stock that came in."""

RETRY_SECONDS = 60.0
"""How often to try again where no balance has changed: what a channel sells may have."""

PAGE_SKUS = 1000
PAGE_LINES = 100


class AwaitedStock(NamedTuple):
    """What is waited for of a SKU, and what is there. While nothing of this has changed, trying
    again leads to nothing."""

    awaited: int
    newest: int
    available: int
    versions: int


class WaitingLine(NamedTuple):
    order_id: str
    line_id: str
    quantity: int


class BackorderAllocation:
    """Allocates what is available to who waits. Used by one thread."""

    def __init__(self, oms: Oms) -> None:
        self._oms = oms
        self._tried: dict[str, AwaitedStock] = {}
        self._forget_at = 0.0

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: allocate what there is, or wait for it; False where another worker
        does so."""
        if not self._to_try():
            stop.wait(POLL_SECONDS)
            return True
        with self._oms.exclusive(JOB) as mine:
            if mine:
                self.step()
        if not mine:
            stop.wait(POLL_SECONDS)
        return mine

    def step(self) -> int:
        """Allocate what there is of each SKU; the number of lines that got some."""
        return sum(self._fill(sku, balance) for sku, balance in self._to_try().items())

    def _to_try(self) -> Mapping[str, AwaitedStock]:
        """The SKUs that are waited for and of which there is some, but for those that were tried
        and are as they were."""
        if time.monotonic() >= self._forget_at:
            self._tried.clear()
            self._forget_at = time.monotonic() + RETRY_SECONDS
        to_try: dict[str, AwaitedStock] = {}
        for awaited in self._awaited():
            there = self._available(list(awaited))
            for sku, (units, newest) in awaited.items():
                available, versions = there.get(sku, (0, 0))
                balance = AwaitedStock(units, newest, available, versions)
                if available > 0 and self._tried.get(sku) != balance:
                    to_try[sku] = balance
        return to_try

    def _awaited(self) -> Iterator[dict[str, tuple[int, int]]]:
        """Pages of the SKUs that are waited for: units, and the position of the newest line."""
        after = ""
        while True:
            with self._oms.readers.open(READ_MODEL.name) as (reader, _):
                rows = reader.rows("awaited_skus", after=after, limit=PAGE_SKUS)
            if rows:
                yield {
                    column(row, "sku", str): (
                        column(row, "quantity", int),
                        column(row, "position", int),
                    )
                    for row in rows
                }
            if len(rows) < PAGE_SKUS:
                return
            after = column(rows[-1], "sku", str)

    def _available(self, skus: list[str]) -> dict[str, tuple[int, int]]:
        """Units over all open locations, and the sum of the versions of their balances, by SKU."""
        with self._oms.readers.open(STOCK.name) as (reader, _):
            rows = reader.rows("stock_of_skus", keys=skus)
            closed = {row["code"] for row in reader.rows("closed_locations")}
        there: dict[str, tuple[int, int]] = {}
        for row in rows:
            if row["location"] is not None and row["location"] not in closed:
                units, versions = there.get(column(row, "key", str), (0, 0))
                there[column(row, "key", str)] = (
                    units + column(row, "available", int),
                    versions + column(row, "version", int),
                )
        return there

    def _fill(self, sku: str, balance: AwaitedStock) -> int:
        """Give what is available to the lines in order of age. A line that cannot have it, since
        its channel does not sell it or a kit lacks another component, is passed over."""
        left, filled = balance.available, 0
        for page in self._waiting(sku):
            while page and left > 0:
                some, page = _covered(page, left)
                got = [line for line, done in zip(some, self._allocated(some), strict=True) if done]
                left -= sum(line.quantity for line in got)
                filled += len(got)
            if left <= 0:
                break
        self._tried[sku] = balance
        return filled

    def _waiting(self, sku: str) -> Iterator[list[WaitingLine]]:
        after = 0
        while True:
            with self._oms.readers.open(READ_MODEL.name) as (reader, _):
                rows = reader.rows("waiting_lines", sku=sku, after=after, limit=PAGE_LINES)
            yield [
                WaitingLine(
                    column(row, "order_id", str),
                    column(row, "line_id", str),
                    column(row, "quantity", int),
                )
                for row in rows
            ]
            if len(rows) < PAGE_LINES:
                return
            after = column(rows[-1], "position", int)

    def _allocated(self, lines: Sequence[WaitingLine]) -> list[bool]:
        """Whether each line got any."""
        commands = [fill_line(each.order_id, each.line_id) for each in lines]
        return execute_all(self._oms, commands, ACTOR)


def _covered(
    lines: Sequence[WaitingLine], units: int
) -> tuple[list[WaitingLine], list[WaitingLine]]:
    """The first lines, as many as so many units can be for, and the others."""
    end = 0
    while end < len(lines) and units > 0:
        units -= lines[end].quantity
        end += 1
    return list(lines[:end]), list(lines[end:])
