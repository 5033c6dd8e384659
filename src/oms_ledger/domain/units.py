"""Units of measure: what a quantity counts of products that are sold by weight or length.

Everywhere inside, a quantity is a whole number. Of a product with a unit of measure it counts the
smallest steps of the unit: grams, where the unit is kg with 3 decimals. People and channels write
and read it in the unit, as decimal text.
"""

from __future__ import annotations

from decimal import Decimal

from oms_ledger.domain.errors import Invalid, invalid_field
from oms_ledger.domain.money import in_proportion
from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Record

DECIMALS_MAX = 4
STEPS_MAX = 1_000_000_000
"""The highest quantity of a request, in steps."""


class UnitOfMeasure(Record, frozen=True):
    """`code` is one of UN/CEFACT recommendation 20, such as KGM, or a plain one, such as kg. One
    unit has `10**decimals` steps."""

    code: Harmless
    decimals: int

    @property
    def steps(self) -> int:
        """The steps of one unit."""
        return int(10**self.decimals)


def decimals_of(unit: UnitOfMeasure | None) -> int:
    """Of quantities in the unit; 0 of pieces."""
    return 0 if unit is None else unit.decimals


def in_unit(quantity: int, unit: UnitOfMeasure) -> str:
    """A quantity in its unit, as the API writes it: 250 g of kg with 3 decimals to `0.250`."""
    if not unit.decimals:
        return str(quantity)
    sign, absolute = ("-", -quantity) if quantity < 0 else ("", quantity)
    whole, part = divmod(absolute, unit.steps)
    return f"{sign}{whole}.{part:0{unit.decimals}d}"


def quantity_text(quantity: int, unit: UnitOfMeasure | None) -> str:
    """A quantity as people read it: `3`, or with its unit `0.250 kg`."""
    return str(quantity) if unit is None else f"{in_unit(quantity, unit)} {unit.code}"


def scaled(quantity: int | Decimal, unit: UnitOfMeasure | None) -> int | Decimal:
    """The quantity of a request in steps, which may have decimals still."""
    return quantity if unit is None or isinstance(quantity, int) else quantity.scaleb(unit.decimals)


def steps_of(quantity: int | Decimal, unit: UnitOfMeasure | None, field: str) -> int:
    """The quantity of a request as it is kept. A `Decimal` was written as text, in the unit. Of a
    product whose unit has decimals it has to be, since a whole number could be meant in steps or in
    units. `Invalid` naming the field otherwise, and where the unit has fewer decimals."""
    if unit is None:
        if isinstance(quantity, int):
            return quantity
        raise invalid_field(
            field, "The product has no unit of measure. Write a whole number, without quotes."
        )
    if isinstance(quantity, int):
        if unit.decimals and quantity:
            raise _not_in_unit(field, unit, "Write it as text in this unit")
        return quantity
    exact = scaled(quantity, unit)
    steps = int(exact)
    if steps != exact:
        raise _not_in_unit(field, unit, "Write no more decimals")
    if abs(steps) > STEPS_MAX:
        raise invalid_field(field, f"Write at most {in_unit(STEPS_MAX, unit)} {unit.code}.")
    return steps


def _not_in_unit(field: str, unit: UnitOfMeasure, remedy: str) -> Invalid:
    decimals = f"{unit.decimals} decimals" if unit.decimals else "no decimals"
    example = in_unit(unit.steps, unit)
    return invalid_field(
        field,
        f'The product is measured in {unit.code} with {decimals}. {remedy}, such as "{example}".',
    )


def price_of(unit_price: int, quantity: int, unit: UnitOfMeasure | None) -> int:
    """Minor units: what a quantity costs at a price for one whole unit, rounded half up."""
    if unit is None or not unit.decimals:
        return unit_price * quantity
    return in_proportion(unit_price, quantity, unit.steps)
