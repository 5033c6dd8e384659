"""Lines of an order as agreed, and quantities of lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from oms_ledger.domain.catalogue.events import Component, PreorderPromise
from oms_ledger.domain.money import in_proportion, split
from oms_ledger.domain.text_kinds import Harmless, LinkText, Sku
from oms_ledger.domain.units import UnitOfMeasure, price_of
from oms_ledger.kernel import Record


class OrderLine(Record, frozen=True):
    """One line as agreed; only an edit changes it. Money in minor units of the order's currency;
    `tax` and `discount` are amounts for the whole line, `order_discount` is its share of the
    discount on the whole order. With `tax_included` the tax is a part of the price, without it it
    comes on top; `tax_rate` is the seller's rate, such as `0.20`. A line that is not `stocked`
    is a service or a fee: it is charged, not shipped. A line with `components` is a kit as
    it was composed when it was ordered: it takes their stock, ships it and gives it back. With a
    `unit` the quantity of the line is in steps of it, and `unit_price` is that of a whole unit."""

    line_id: LinkText
    sku: Sku
    quantity: int
    unit_price: int
    tax: int = 0
    discount: int = 0
    title: str | None = None
    stocked: bool = True
    tax_rate: str | None = None
    tax_included: bool = False
    order_discount: int = 0
    components: tuple[Component, ...] = ()
    unit: UnitOfMeasure | None = None

    @property
    def goods(self) -> int:
        """The price of all units, before tax on top and discounts."""
        return price_of(self.unit_price, self.quantity, self.unit)

    @property
    def amount(self) -> int:
        # As `goods`, but for most lines without its calls: every answer has several amounts.
        goods = self.quantity * self.unit_price if self.unit is None else self.goods
        return goods + self._tax_on_top - self._discounts

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
        return in_proportion(self._tax_on_top, units, self.quantity) + self._discounted(units)

    def _discounted(self, units: int) -> int:
        """What the goods of so many units cost less their discounts, which never falls as the units
        rise: steps of a unit have no price in whole minor units, so that goods and discounts are
        rounded together."""
        if self.unit is None:
            discounts = in_proportion(self._discounts, units, self.quantity)
            return units * self.unit_price - discounts
        steps = self.unit.steps
        net = self.unit_price * self.quantity - self._discounts * steps
        return in_proportion(net, units, self.quantity * steps)

    def tax_of(self, units: int) -> int:
        """The part of `tax` that so many units have, split as `amount_of` splits it."""
        return in_proportion(self.tax, units, self.quantity) if units else 0

    def of_quantity(self, units: int) -> OrderLine:
        """The line with so many units, tax and discounts in proportion. Its amount is
        `amount_of(units)`."""
        line = replace(self, quantity=units)
        discounts = line.goods - self._discounted(units)
        of_order = min(discounts, in_proportion(self.order_discount, units, self.quantity))
        return replace(
            line,
            tax=in_proportion(self.tax, units, self.quantity),
            discount=discounts - of_order,
            order_discount=of_order,
        )


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


class Allocation(Record, frozen=True):
    """`quantity` units of a line at `location`, promised to it; `sku` is the line's. Of a kit all
    components of a unit are at one location."""

    line_id: LinkText
    sku: Sku
    location: Harmless
    quantity: int


class Backorder(Record, frozen=True):
    """Units promised to a line without being there, booked at `location`; of a kit all components
    are. With a `preorder` they were sold as that, and count towards its cap. A released backorder
    with a `preorder` is given up by the order; one that gets stock is released without it."""

    line_id: LinkText
    sku: Sku
    location: Harmless
    quantity: int
    preorder: PreorderPromise | None = None


class LineEdit(Record, frozen=True):
    """A `line` as it is after an edit; before, it had `quantity_before` units. With `repriced` its
    amounts were agreed for this quantity. Otherwise tax and discounts were taken in proportion to
    the amounts that were agreed last."""

    line: OrderLine
    quantity_before: int
    repriced: bool = False


class LineQuantity(Record, frozen=True):
    line_id: LinkText
    quantity: int


class RejectedLine(Record, frozen=True):
    """A line for which an order was rejected. Where stock was short, of `requested` units
    `available` were there."""

    line_id: LinkText
    sku: Sku
    requested: int | None = None
    available: int | None = None


class UnitsOfLine(Protocol):
    """Anything that has units of a line."""

    @property
    def line_id(self) -> str: ...

    @property
    def quantity(self) -> int: ...


def units_by_line(lines: Iterable[UnitsOfLine]) -> dict[str, int]:
    """The units of each line, added up, by `line_id`."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    return units
