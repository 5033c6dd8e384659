"""Lines of an order as agreed, and quantities of lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oms_ledger.domain.money import split


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as agreed; never recomputed. Money in minor units of the order's currency;
    `tax` and `discount` are amounts for the whole line, `order_discount` is its share of the
    discount on the whole order. With `tax_included` the tax is a part of the price, without it it
    comes on top; `tax_rate` is the seller's rate, such as `0.20`. A line that is not `stocked`
    is a service or a fee: it is charged, not shipped."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    tax: int = 0
    discount: int = 0
    title: str | None = None
    stocked: bool = True
    tax_rate: str | None = None
    tax_included: bool = False
    order_discount: int = 0

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price + self._tax_on_top - self._discounts

    @property
    def _tax_on_top(self) -> int:
        return 0 if self.tax_included else self.tax

    @property
    def _discounts(self) -> int:
        return self.discount + self.order_discount

    def amount_of(self, units: int) -> int:
        """The part of `amount` that so many units have. Tax and discount are split between them and
        the other units without losing a minor unit."""
        if not units:
            return 0
        shares = (units, self.quantity - units)
        tax, discount = split(self._tax_on_top, shares)[0], split(self._discounts, shares)[0]
        return units * self.unit_price + tax - discount

    def tax_of(self, units: int) -> int:
        """The part of `tax` that so many units have, split as `amount_of` splits it."""
        return split(self.tax, (units, self.quantity - units))[0] if units else 0


def discounted(lines: tuple[OrderLine, ...], discount: int) -> tuple[OrderLine, ...]:
    """The lines with a discount on all of them together, spread in proportion to their amounts to
    the last minor unit. `ValueError` where it is more than they add up to."""
    amounts = [line.amount for line in lines]
    if discount > sum(amounts):
        raise ValueError("a discount is at most what the lines add up to")
    shares = split(discount, amounts) if discount else [0] * len(lines)
    return tuple(
        replace(line, order_discount=share) for line, share in zip(lines, shares, strict=True)
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
