"""What commands about one SKU at one location have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Location, Product, product_refs, stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.identifiers import lot_key, stock_key
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.movements import require_free
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.stock.views import stock_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref


class StockCommand(Command):
    """Reads one balance, its location and its product; answers with the balance."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    sku: str
    location: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return stock_refs(self.sku, self.location, given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return stock_answer(self.sku, self.location, given)


def stock_refs(sku: str, location: str, given: Given) -> list[Ref]:
    level = (StockLevel, stock_key(stored_sku(sku, given), location))
    return [level, (Location, location), *product_refs(sku)]


def lot_refs(sku: str, lot: str | None, given: Given) -> list[Ref]:
    return [] if lot is None else [(Lot, lot_key(stored_sku(sku, given), lot))]


def stock_answer(sku: str, location: str, given: Given) -> Mapping[str, Json]:
    sku = stored_sku(sku, given)
    level = given.state(StockLevel, stock_key(sku, location))
    return stock_view(sku, location, level, given.state(Product, sku))


def refuse_kit(sku: str, given: Given) -> None:
    """`Refused` with `is_kit` for a kit, which has no stock of its own."""
    product = given.state(Product, sku).defined
    if product is not None and product.components:
        skus = ", ".join(each.sku for each in product.components)
        raise Refused(
            f"{sku} is a kit: its stock is that of its components. Write their SKUs: {skus}.",
            code="is_kit",
            errors=[{"sku": sku}],
        )


def require_own_stock(skus: Sequence[str], given: Given, *, then: str) -> None:
    """`Refused` with `unknown_sku`, naming every SKU that was never defined, and with `is_kit` for
    a kit. `then` is what to do once they are defined."""
    refuse_unknown_skus([(str(n), sku) for n, sku in enumerate(skus, 1)], given, then=then)
    for sku in skus:
        refuse_kit(sku, given)


def defined_on_the_fly(sku: str, given: Given) -> list[Change]:
    """Stock of an undefined SKU defines the product, with the SKU as its title. `Refused` with
    `is_kit` for a kit."""
    refuse_kit(sku, given)
    return [] if given.state(Product, sku).defined else [Change(ProductDefined(sku, sku, True))]


def refuse_if_short(
    sku: str, location: str, change: int, given: Given, lot: str | None = None
) -> None:
    """Units that are promised to orders cannot be taken off the shelf."""
    level = given.state(StockLevel, stock_key(sku, location))
    if change < 0:
        require_free(level, sku, location, -change, lot)
