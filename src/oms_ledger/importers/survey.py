"""A first pass over the file, for what the import needs before its first order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from oms_ledger.importers.countries import iso_code
from oms_ledger.importers.online_retail import (
    FileRow,
    MalformedRow,
    Skip,
    Use,
    classify,
    is_service,
)


@dataclass(slots=True)
class SalesTotal:
    """Quantity x price, summed over sales: `exact` in GBP with the prices of the file, `minor` in
    pence with each price rounded to whole pence, as in the ledger."""

    exact: Decimal = Decimal()
    minor: int = 0

    def add(self, row: FileRow) -> None:
        self.exact += row.quantity * row.price
        self.minor += row.quantity * row.price_minor


@dataclass(slots=True)
class Survey:
    """`last` is the number of each invoice's last row; `returned` the (customer, SKU) pairs with
    returns; `titles` counts the descriptions of each SKU that becomes a product; `first_at` is the
    earliest time in the file, UTC."""

    rows: int = 0
    first_at: datetime | None = None
    last: dict[str, int] = field(default_factory=dict)
    titles: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    returned: set[tuple[str, str]] = field(default_factory=set)
    goods: SalesTotal = field(default_factory=SalesTotal)
    services: SalesTotal = field(default_factory=SalesTotal)
    rounded: int = 0
    """Sales at a price with fractions of a penny."""
    unmapped_countries: Counter[str] = field(default_factory=Counter)
    """Rows by country name without an ISO code."""

    def title(self, sku: str) -> str:
        """The most frequent description in sales; the SKU itself where there is none."""
        names = self.titles[sku]
        return min(names, key=lambda name: (-names[name], name)) if names else sku

    @property
    def case_twins(self) -> int:
        """The number of SKUs that differ from another only in case. They are different products."""
        return len(self.titles) - len({sku.upper() for sku in self.titles})


def survey(rows: Iterable[FileRow | MalformedRow]) -> Survey:
    """Read all rows of a file."""
    result = Survey()
    for row in rows:
        result.rows += 1
        if isinstance(row, FileRow):
            _count(result, row)
    return result


def _count(result: Survey, row: FileRow) -> None:
    result.last[row.invoice] = row.number
    if result.first_at is None or row.at < result.first_at:
        result.first_at = row.at
    if iso_code(row.country) is None:
        result.unmapped_countries[row.country] += 1
    use = classify(row, invoice_has_price=True)
    if isinstance(use, Skip):
        return
    names = result.titles[row.sku]
    if use is Use.SALE:
        (result.services if is_service(row.sku) else result.goods).add(row)
        result.rounded += row.is_rounded
        if row.title is not None:
            names[row.title] += 1
    elif use is Use.RETURN and row.customer is not None:
        result.returned.add((row.customer, row.sku))
