"""What commands about one lot have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.catalogue.state import product_refs, stored_sku
from oms_ledger.domain.identifiers import lot_key, stock_group
from oms_ledger.domain.lots.answers import LotAnswer
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.lots.views import lot_view
from oms_ledger.domain.stock.events import StockLotStatusChanged
from oms_ledger.domain.stock.rules import stock_group_refs
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref


class LotCommand(Command):
    """Reads one lot, its product, and the stock of that at all locations; answers with the lot."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = LotAnswer
    sku: str
    lot: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        sku = stored_sku(self.sku, given)
        return [(Lot, lot_key(sku, self.lot)), *product_refs(self.sku), *stock_group_refs(sku)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        sku = stored_sku(self.sku, given)
        lot = given.state(Lot, lot_key(sku, self.lot))
        return lot_view(sku, self.lot, lot, given.group(StockLevel, stock_group(sku)))


def defined_lot(defined: LotDefined, given: Given) -> list[Change]:
    """The event of a lot, and those of the stock at every location that has units of it."""
    changes = [Change(defined)]
    for place, level in given.group(StockLevel, stock_group(defined.sku)).items():
        lot = level.lots.get(defined.lot)
        if lot is not None and (lot.status, lot.expires_on) != (
            defined.status,
            defined.expires_on,
        ):
            event = StockLotStatusChanged(
                defined.sku,
                place,
                defined.lot,
                lot.units_in("available"),
                lot.status,
                defined.status,
                defined.expires_on,
            )
            changes.append(Change(event))
    return changes
