"""Fields that several commands share: their types are their rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    Tag,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.money import DIGITS, to_minor
from oms_ledger.domain.patterns import CODE, COUNTRY, CURRENCY, DAY, LOCALE, LOT, NO_NUL, PRINTABLE
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.texts import composed_value
from oms_ledger.domain.times import EARLIEST, LATEST, OUT_OF_BOUNDS, bounded, not_a_number
from oms_ledger.domain.units import DECIMALS_MAX, STEPS_MAX

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)
"""Unknown fields are refused: a misspelt one must not be lost silently."""


def currency_digits(currency: str) -> int:
    """Decimal digits of a currency; ValueError naming the field where there is no such one."""
    digits = DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"currency: {currency} is not an ISO 4217 currency code")
    return digits


@lru_cache(maxsize=1_000)
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 of GBP; ValueError as for `currency_digits`."""
    return Decimal(1).scaleb(-currency_digits(currency))


def check_amount(name: str, amount: Decimal, currency: str) -> None:
    """ValueError naming the field, where the currency cannot express the amount."""
    currency_digits(currency)
    try:
        to_minor(amount, currency)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def minor_units(amount: Decimal | None, currency: str, field: str) -> int:
    """Minor units of an amount, 0 where there is none; `Invalid` naming the field where the
    currency cannot express it."""
    if amount is None:
        return 0
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise invalid_field(field, str(error)) from None


def positive_minor_units(amount: Decimal, currency: str, field: str = "amount") -> int:
    """Minor units of an amount above 0; `Invalid` naming the field where the currency cannot
    express it, or it is 0."""
    units = minor_units(amount, currency, field)
    if units <= 0:
        raise invalid_field(field, "Write an amount above 0.")
    return units


def _not_a_number_type(value: object) -> object:
    """Money is written as text: a JSON number may already have lost its last digit."""
    if isinstance(value, float):
        raise ValueError('write money as text, such as "2.55"')
    return value


def valid_day(text: str) -> str:
    """The day. `ValueError` where the calendar has no such day, or it is not from `EARLIEST` to
    `LATEST`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not in the calendar; write a day as 2026-11-26") from None
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError(OUT_OF_BOUNDS)
    return text


def require_distinct_skus(skus: Sequence[str], field: str = "lines") -> None:
    """ValueError naming the field where a SKU is named twice."""
    twice = next((sku for sku in skus if skus.count(sku) > 1), None)
    if twice is not None:
        raise ValueError(f"{field}: {twice} is named twice; write all its units in one")


COMPOSED = BeforeValidator(composed_value)
"""Puts a text into NFC before anything else is done with it. Every text of a command has it, last:
what comes before it is checked after it."""
Text = Annotated[str, Field(max_length=500, pattern=PRINTABLE), COMPOSED]
Note = Annotated[str, Field(max_length=5000, pattern=NO_NUL), COMPOSED]
Code = Annotated[str, Field(pattern=CODE), COMPOSED]
Sku = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE), COMPOSED]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE), COMPOSED]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE), COMPOSED]
Reason = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE), COMPOSED]
"""Kept for ever, as notes and references are: nothing personal belongs into it."""
RequiredText = Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE), COMPOSED]
Count = Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)]


def _form_of(quantity: object) -> str:
    """The tag of a quantity by its form: in brackets, so that it is not taken for a field's
    name."""
    return "[text]" if isinstance(quantity, str | Decimal) else "[number]"


_IN_UNIT = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^-?\d+(\.\d+)?$",
        "description": "Of a product with a unit of measure: in this unit, such as 0.250.",
    }
)
_Steps = Annotated[int, Field(le=STEPS_MAX, strict=True), Tag("[number]")]
_InUnit = Annotated[
    Decimal, Field(le=STEPS_MAX, decimal_places=DECIMALS_MAX), _IN_UNIT, Tag("[text]")
]
Quantity = Annotated[
    Annotated[_Steps, Field(ge=1)] | Annotated[_InUnit, Field(gt=0)], Discriminator(_form_of)
]
"""A quantity of goods above 0: pieces, or text in the unit of measure of the product. `steps_of`
makes it the whole number that it is kept as."""
QuantityOrZero = Annotated[
    Annotated[_Steps, Field(ge=0)] | Annotated[_InUnit, Field(ge=0)], Discriminator(_form_of)
]
"""A quantity of goods, 0 among them."""
QuantityChange = Annotated[
    Annotated[_Steps, Field(ge=-STEPS_MAX)] | Annotated[_InUnit, Field(ge=-STEPS_MAX)],
    Discriminator(_form_of),
]
"""A quantity more, or below 0 less."""
Balance = Annotated[
    Annotated[int, Tag("[number]")] | Annotated[Decimal, _IN_UNIT, Tag("[text]")],
    Discriminator(_form_of),
]
"""A quantity on the shelf as the caller saw it, in steps or in the unit of measure."""
TaxRate = Annotated[Decimal, Field(ge=0, le=10, max_digits=9)]
"""As a share of the price: 0.20."""
Currency = Annotated[str, Field(pattern=CURRENCY)]
LotName = Annotated[
    str, Field(min_length=1, max_length=50, pattern=LOT, description="A lot or batch."), COMPOSED
]
SerialNumber = Annotated[
    str, Field(min_length=1, max_length=50, pattern=LOT, description="A serial number."), COMPOSED
]
Country = Annotated[str, Field(pattern=COUNTRY)]
Locale = Annotated[str, Field(pattern=LOCALE)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
"""Degrees, WGS 84."""
Amount = Annotated[
    Decimal,
    Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False),
    BeforeValidator(_not_a_number_type),
]


def _as_text(value: object) -> object:
    return value.personal if isinstance(value, Personal) else value


def _personal(rules: object) -> GetPydanticSchema:
    """Text in the request, by the rules of another type; kept in a `Personal` value."""

    def schema(_: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.no_info_before_validator_function(
            _as_text, handler.generate_schema(rules)
        )
        return core_schema.no_info_after_validator_function(Personal, text)

    return GetPydanticSchema(schema)


PersonalText = Annotated[Personal, _personal(Text)]
AccountName = Annotated[Personal, _personal(Id)]
"""Of an account of store credit: a customer's id, or the number of a gift, which is a secret."""
Time = Annotated[AwareDatetime, AfterValidator(bounded), BeforeValidator(not_a_number)]
Day = Annotated[str, AfterValidator(valid_day), Field(pattern=DAY), COMPOSED]
"""A day of the calendar, as YYYY-MM-DD."""
OccurredAt = Annotated[
    Time | None,
    Field(description="When it happened, if that was before now. Later than now is refused."),
]
"""When the fact that a command records happened. Its events carry it beside the time at which they
were recorded."""
