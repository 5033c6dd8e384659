"""Lines of an order as agreed, and quantities of lines."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.domain.money import split


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as agreed; never recomputed. Money in minor units of the order's currency;
    `tax` and `discount` are amounts for the whole line. A line that is not `stocked` is a
    service or a fee: it is charged, not shipped."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    tax: int = 0
    discount: int = 0
    title: str | None = None
    stocked: bool = True

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price + self.tax - self.discount

    def amount_of(self, units: int) -> int:
        """The part of `amount` that so many units have. Tax and discount are split between them and
        the other units without losing a minor unit."""
        if not units:
            return 0
        shares = (units, self.quantity - units)
        return (
            units * self.unit_price + split(self.tax, shares)[0] - split(self.discount, shares)[0]
        )


@dataclass(frozen=True, slots=True)
class Allocation:
    """`quantity` units of `sku` at `location`, promised to a line. The SKU is the line's own
    unless the line is a kit."""

    line_id: str
    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Backorder:
    """Units promised to a line without being there, booked at `location`."""

    line_id: str
    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LineQuantity:
    line_id: str
    quantity: int
