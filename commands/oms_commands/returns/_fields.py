"""Fields of returns in a request, and their conversion to the domain's types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Amount, Code, Id, Quantity, Sku, Text
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Invalid, Refused
from oms_ledger.domain.money import to_minor
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.kernel import Given, Json

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE), COMPOSED]
Disposition = Literal["restock", "quarantine", "write_off"]


@dataclass(frozen=True, slots=True, config=STRICT)
class ReturnedLine:
    line_id: Id
    quantity: Quantity
    reason: Text | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class BlindLine:
    sku: Sku
    quantity: Quantity
    reason: Text | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceivedLineFields:
    """Without `disposition` what is resellable is restocked, and the rest kept in quarantine."""

    line_id: Id
    quantity: Quantity
    condition: Literal["resellable", "damaged", "wrong_item"]
    location: Code
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ReplacementLine:
    """`unit_price` may be left out where a claim is replaced for nothing."""

    sku: Sku
    quantity: Quantity
    unit_price: Amount | None = None
    tax: Amount | None = None
    discount: Amount | None = None
    title: Text | None = None
    tax_rate: Annotated[Decimal, Field(ge=0, le=10, max_digits=9)] | None = None


def invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=[{"field": field, "message": message}])


def require_distinct(names: Sequence[str], field: str) -> None:
    """ValueError naming the field where a line is named twice."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{field}: line {twice} is named twice; write all its units in one")


def minor(amount: Decimal | None, currency: str, field: str) -> int:
    """Minor units of an amount, 0 where there is none; `Invalid` naming the field where the
    currency cannot express it."""
    if amount is None:
        return 0
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise invalid(field, str(error)) from None


def replacement_of(
    lines: Iterable[ReplacementLine], currency: str, given: Given, *, tax_included: bool
) -> tuple[OrderLine, ...]:
    """Lines of the order that replaces the goods. `Refused` with `unknown_sku`, naming every line,
    where a product was never defined. `tax_included` as in the order that is replaced."""
    agreed: list[OrderLine] = []
    unknown: list[dict[str, Json]] = []
    for n, line in enumerate(lines):
        product, field = given.state(Product, line.sku).defined, f"replacement_lines.{n}"
        if product is None:
            unknown.append({"line": str(n + 1), "sku": line.sku})
            continue
        agreed.append(
            OrderLine(
                str(n + 1),
                line.sku,
                line.quantity,
                minor(line.unit_price, currency, f"{field}.unit_price"),
                minor(line.tax, currency, f"{field}.tax"),
                minor(line.discount, currency, f"{field}.discount"),
                line.title,
                product.stocked,
                None if line.tax_rate is None else f"{line.tax_rate:f}",
                tax_included,
            )
        )
    refuse_unknown_skus(unknown)
    if any(line.amount < 0 for line in agreed):
        raise invalid("replacement_lines", "A discount is more than its line's amount.")
    return tuple(agreed)


def refuse_unknown_skus(unknown: Sequence[dict[str, Json]]) -> None:
    if unknown:
        skus = ", ".join(sorted({str(each["sku"]) for each in unknown}))
        raise Refused(
            f"Never heard of {skus}. Define it with PUT /v1/products/{{sku}}, or receive stock"
            " of it, and try again.",
            code="unknown_sku",
            errors=unknown,
        )
