"""A first pass over the file: what must be known before the first order is placed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
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
class Takings:
    """Quantity x price over sales. `exact` in GBP as the file writes its prices, `minor` in
    pence with each price rounded to whole pence, as the ledger keeps it."""

    exact: Decimal = Decimal()
    minor: int = 0

    def add(self, row: FileRow) -> None:
        self.exact += row.quantity * row.price
        self.minor += row.quantity * row.price_minor


@dataclass(slots=True)
class Survey:
    """`last` is the number of each invoice's last row; `returned` the (customer, SKU) pairs
    that anything comes back from; `titles` counts how each SKU is described, for every SKU
    that an order or the stock needs to know."""

    rows: int = 0
    last: dict[str, int] = field(default_factory=dict)
    titles: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    returned: set[tuple[str, str]] = field(default_factory=set)
    goods: Takings = field(default_factory=Takings)
    services: Takings = field(default_factory=Takings)
    rounded: int = 0
    """Sales at a price with fractions of a penny."""
    unmapped_countries: Counter[str] = field(default_factory=Counter)
    """Rows by country name without an ISO code."""

    def title(self, sku: str) -> str:
        """The description most often sold under; the SKU itself where there is none."""
        names = self.titles[sku]
        return min(names, key=lambda name: (-names[name], name)) if names else sku

    @property
    def case_twins(self) -> int:
        """SKUs that differ from another one only in case. They are kept apart, as written."""
        return len(self.titles) - len({sku.upper() for sku in self.titles})


def survey(rows: Iterable[FileRow | MalformedRow]) -> Survey:
    found = Survey()
    for row in rows:
        found.rows += 1
        if isinstance(row, FileRow):
            _note(found, row)
    return found


def _note(found: Survey, row: FileRow) -> None:
    found.last[row.invoice] = row.number
    if iso_code(row.country) is None:
        found.unmapped_countries[row.country] += 1
    use = classify(row, invoice_has_price=True)
    if isinstance(use, Skip):
        return
    names = found.titles[row.sku]
    if use is Use.SALE:
        (found.services if is_service(row.sku) else found.goods).add(row)
        found.rounded += row.is_rounded
        if row.title is not None:
            names[row.title] += 1
    elif use is Use.RETURN and row.customer is not None:
        found.returned.add((row.customer, row.sku))
