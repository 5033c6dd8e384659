"""What commands about one transfer have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_commands.stock._stock_command import stock_refs
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.transfers.answers import TransferAnswer
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.domain.transfers.views import transfer_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class TransferCommand(Command):
    """Reads one transfer, the stock of its SKUs at both locations and the lots in transit; answers
    with the transfer."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = TransferAnswer
    transfer_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        transfer = given.state(Transfer, self.transfer_id)
        refs: list[Ref] = [(Transfer, self.transfer_id)]
        for sku, line in transfer.lines.items():
            for place in (transfer.from_location, transfer.to_location):
                refs += stock_refs(sku, place, given)
            refs += [(Lot, lot_key(sku, lot)) for lot in line.lots]
        return refs

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return transfer_view(self.transfer_id, given.state(Transfer, self.transfer_id))


def require_lines(transfer: Transfer, skus: Iterable[str]) -> None:
    """`Refused` with `unknown_line`, naming every SKU that the transfer does not have."""
    unknown = sorted(set(skus) - set(transfer.lines))
    if unknown:
        raise Refused(
            f"The transfer has no line of {', '.join(unknown)}. GET the transfer to see its lines;"
            " move others with POST /v1/stock/transfers, or create another transfer.",
            code="unknown_line",
            errors=[{"sku": sku} for sku in unknown],
        )
