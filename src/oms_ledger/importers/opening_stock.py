"""How much must lie on the shelves before the first row, so that none ever falls short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.online_retail import Invoice, MalformedRow, Skip, classify, is_service

MOST_RECEIVED = 1_000_000_000
"""Units that one receipt can have."""


def opening_stock(invoices: Iterable[Invoice | MalformedRow]) -> dict[str, int]:
    """Units by SKU: the smallest receipt before everything that keeps the free stock from ever
    going below zero, when the invoices come in this order. `Invalid` where no receipt can be
    that large."""
    free: dict[str, int] = defaultdict(int)
    lowest: dict[str, int] = {}
    for invoice in invoices:
        if isinstance(invoice, MalformedRow):
            continue
        for sku, change in movements(invoice):
            free[sku] += change
            if free[sku] < lowest.get(sku, 0):
                lowest[sku] = free[sku]
    needed = {sku: -level for sku, level in lowest.items()}
    _check(needed)
    return needed


def _check(needed: Mapping[str, int]) -> None:
    for sku, quantity in needed.items():
        if quantity > MOST_RECEIVED:
            raise Invalid(
                f"The file needs {quantity:,} units of {sku} before its first row, and a receipt"
                f" has at most {MOST_RECEIVED:,}. Correct its quantities, or import it without"
                " opening stock.",
                errors=[{"field": "file", "message": f"too many units of {sku}"}],
            )


def movements(invoice: Invoice) -> Iterator[tuple[str, int]]:
    """What the invoice does to the stock of each SKU: first what its order takes, then what
    comes in and goes out besides."""
    has_price = invoice.has_price
    takes: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    for row in invoice.rows:
        use = classify(row, has_price)
        if isinstance(use, Skip) or is_service(row.sku):
            continue
        if use.is_order_line:
            takes.append((row.sku, -row.quantity))
        else:
            others.append((row.sku, row.stock_change))
    yield from takes
    yield from others
