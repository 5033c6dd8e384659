"""Fields of returns in a request, and their conversion to the domain's types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Id,
    LotName,
    Quantity,
    SerialNumber,
    Sku,
    TaxRate,
    Text,
    minor_units,
)
from oms_ledger.domain.catalogue.state import Product, stored_sku
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.units import steps_of
from oms_ledger.kernel import Given

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
    """Without `disposition` what is resellable is restocked, and the rest kept in quarantine. `lot`
    is that of all of them, `serials` are the serial numbers of those that left with one."""

    line_id: Id
    quantity: Quantity
    condition: Literal["resellable", "damaged", "wrong_item"]
    location: Code
    disposition: Disposition | None = None
    lot: LotName | None = None
    serials: Annotated[tuple[SerialNumber, ...], Field(max_length=2000)] = ()


@dataclass(frozen=True, slots=True, config=STRICT)
class ReplacementLine:
    """`unit_price` may be left out where a claim is replaced for nothing."""

    sku: Sku
    quantity: Quantity
    unit_price: Amount | None = None
    tax: Amount | None = None
    discount: Amount | None = None
    title: Text | None = None
    tax_rate: TaxRate | None = None


def require_distinct(names: Sequence[str], field: str) -> None:
    """ValueError naming the field where a line is named twice."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{field}: line {twice} is named twice; write all its units in one")


def replacement_of(
    lines: Iterable[ReplacementLine], currency: str, given: Given, *, tax_included: bool
) -> tuple[OrderLine, ...]:
    """Lines of the order that replaces the goods. `Refused` with `unknown_sku`, naming every line,
    where a product was never defined. `tax_included` as in the order that is replaced."""
    agreed: list[OrderLine] = []
    for n, line in enumerate(lines):
        sku, field = stored_sku(line.sku, given), f"replacement_lines.{n}"
        product = given.state(Product, sku).defined
        agreed.append(
            OrderLine(
                str(n + 1),
                sku,
                steps_of(line.quantity, product.unit if product else None, f"{field}.quantity"),
                minor_units(line.unit_price, currency, f"{field}.unit_price"),
                minor_units(line.tax, currency, f"{field}.tax"),
                minor_units(line.discount, currency, f"{field}.discount"),
                line.title,
                product is None or product.stocked,
                None if line.tax_rate is None else f"{line.tax_rate:f}",
                tax_included,
                unit=product.unit if product else None,
            )
        )
    refuse_unknown_skus([(line.line_id, line.sku) for line in agreed], given, then="try again")
    if any(line.amount < 0 for line in agreed):
        raise invalid_field("replacement_lines", "A discount is more than its line's amount.")
    return tuple(agreed)
