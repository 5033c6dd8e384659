"""Opening stock: the units that must be in stock before the first row of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.online_retail import Invoice, MalformedRow, Skip, classify, is_service

RECEIPT_UNITS_MAX = 1_000_000_000
"""The most units of one receipt."""


def opening_stock(invoices: Iterable[Invoice | MalformedRow]) -> dict[str, int]:
    """Units by SKU: the smallest receipt with which stock never falls below zero, with the invoices
    in this order. Raises `Invalid` where a receipt cannot be that large."""
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
        if quantity > RECEIPT_UNITS_MAX:
            raise Invalid(
                f"The file needs {quantity:,} units of {sku} before its first row, and a receipt"
                f" has at most {RECEIPT_UNITS_MAX:,}. Correct its quantities, or import it without"
                " opening stock.",
                errors=[{"field": "file", "message": f"too many units of {sku}"}],
            )


def movements(invoice: Invoice) -> Iterator[tuple[str, int]]:
    """Changes of stock by an invoice, as SKU and units: first those of its order, then returns and
    corrections."""
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
