"""Matches returns with sales. The file does not name the sale, so units count as of the customer's
latest sale of the SKU with units not returned yet, then of the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple


class Match(NamedTuple):
    """Returned units of a sale, which `invoice` and `line` (a line id) name."""

    invoice: str
    line: str
    quantity: int


@dataclass(slots=True)
class Sales:
    """Units sold and not returned yet, for the (customer, SKU) `pairs` that have returns."""

    pairs: Collection[tuple[str, str]]
    open: dict[tuple[str, str], list[Match]] = field(default_factory=lambda: defaultdict(list))

    def sold(self, customer: str, sku: str, sale: Match) -> None:
        if (customer, sku) in self.pairs:
            self.open[customer, sku].append(sale)

    def returned(self, customer: str, sku: str, quantity: int) -> tuple[list[Match], int]:
        """The sales of `quantity` returned units, latest first, and the units without a sale."""
        matches: list[Match] = []
        sales = self.open.get((customer, sku), [])
        while quantity and sales:
            sale = sales.pop()
            taken = min(quantity, sale.quantity)
            quantity -= taken
            matches.append(sale._replace(quantity=taken))
            if taken < sale.quantity:
                sales.append(sale._replace(quantity=sale.quantity - taken))
        return matches, quantity
