"""Which sale came back? The file does not say, so the customer's latest sale of the SKU with
units not yet returned is taken, then the one before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple


class Match(NamedTuple):
    """Units of an earlier sale that came back. `invoice` and `line` name the sale's line."""

    invoice: str
    line: str
    quantity: int


@dataclass(slots=True)
class Sales:
    """Units sold and not returned yet, for the (customer, SKU) pairs that are of interest."""

    pairs: Collection[tuple[str, str]]
    open: dict[tuple[str, str], list[Match]] = field(default_factory=lambda: defaultdict(list))

    def sold(self, customer: str, sku: str, sale: Match) -> None:
        if (customer, sku) in self.pairs:
            self.open[customer, sku].append(sale)

    def returned(self, customer: str, sku: str, quantity: int) -> tuple[list[Match], int]:
        """The sales that `quantity` units came from, latest first, and how many units are left
        over without one."""
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
