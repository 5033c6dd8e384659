"""What commands about the preorder of a product have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.catalogue.answers import PreorderAnswer
from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.catalogue.views import preorder_view
from oms_ledger.domain.identifiers import stock_group
from oms_ledger.domain.orders.rules.preorders import preordered_units
from oms_ledger.domain.stock.rules import stock_group_refs
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class PreorderCommand(Command):
    """Reads a product and its stock; answers with its preorder, and what was sold of it."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = PreorderAnswer
    sku: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [*product_refs(self.sku), *stock_group_refs(stored_sku(self.sku, given))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        sku = stored_sku(self.sku, given)
        product, levels = given.state(Product, sku), given.group(StockLevel, stock_group(sku))
        preorder = product.preorder
        sold = preordered_units(preorder.preorder_id, levels.values()) if preorder else 0
        return {"sku": sku, **preorder_view(preorder, sold), "version": product.version}
