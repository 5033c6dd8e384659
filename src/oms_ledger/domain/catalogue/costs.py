"""What a unit costs, and in which currency where a request does not name one."""

from __future__ import annotations

from decimal import Decimal

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.money import Money, to_minor


def cost_of(amount: Decimal | None, currency: str | None, product: Product) -> Money | None:
    """The cost of a unit in the currency that is named, or in that of the cost which the product
    has already. `Invalid` names `currency` where neither says one: none is guessed."""
    if amount is None:
        return None
    before = product.defined.unit_cost if product.defined is not None else None
    chosen = currency or (before.currency if before else None)
    if chosen is None:
        raise _invalid("currency", 'It is required with `unit_cost`. Add it, such as "BRL".')
    try:
        return Money(to_minor(amount, chosen), chosen)
    except ValueError as error:
        raise _invalid("unit_cost", f"{error}. Round it, or name its currency.") from None


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=[{"field": field, "message": message}])
