"""Sending the goods of a transfer on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Id,
    OccurredAt,
    Quantity,
    Sku,
    require_distinct_skus,
)
from oms_commands.transfers._transfer_command import TransferCommand, require_lines
from oms_ledger.domain.catalogue.state import product_refs, quantity_of, stored_sku
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.events import IncomingStockAdded, StockMovedOut
from oms_ledger.domain.stock.movements import day_of, lots_changed, picked_lots, require_all_free
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.domain.transfers.events import ShippedTransferLine, TransferShipped
from oms_ledger.domain.transfers.state import Transfer, open_transfer
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route

_REMEDY = "Ship what there is with `lines`, or cancel or re-allocate orders first."


@dataclass(frozen=True, slots=True, config=STRICT)
class _ShippedLine:
    sku: Sku
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class ShipTransfer(TransferCommand):
    """Ship goods of a transfer: `lines`, or all that was not shipped yet.

    The units leave the first location, and are incoming at the second until they are received. Only
    units that are free can leave; of lots those first that expire first. `occurred_at` is when they
    left, if that was earlier.
    """

    name: ClassVar[str] = "ShipTransfer"
    route: ClassVar[Route] = Route("POST", "/v1/transfers/{transfer_id}/ship")
    example: ClassVar[Mapping[str, Json]] = {"lines": [{"sku": "85123A", "quantity": 18}]}

    transfer_id: Id
    lines: Annotated[tuple[_ShippedLine, ...], Field(min_length=1, max_length=2000)] | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _each_sku_once(self) -> ShipTransfer:
        require_distinct_skus([line.sku for line in self.lines or ()])
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        named = [ref for line in self.lines or () for ref in product_refs(line.sku)]
        return [*TransferCommand.reads(self, ctx, given), *named]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        transfer = open_transfer(given, self.transfer_id, "shipped")
        units = self._units(transfer, given)
        place, day = transfer.from_location, day_of(self.occurred_at or ctx.now)
        require_all_free(units, place, _REMEDY, given)
        shipped: list[ShippedTransferLine] = []
        changes: list[Change] = []
        for sku, number in units.items():
            level = given.state(StockLevel, stock_key(sku, place))
            lots = picked_lots(level, sku, place, number, day, {})
            shipped.append(ShippedTransferLine(sku, number, lots))
            changes += lots_changed(sku, place, lots, self.transfer_id)
            changes += [
                Change(StockMovedOut(sku, place, number, transfer.to_location, self.transfer_id)),
                Change(
                    IncomingStockAdded(
                        sku, transfer.to_location, number, self.transfer_id, transfer.expected_at
                    )
                ),
            ]
        event = TransferShipped(self.transfer_id, tuple(shipped))
        return dated([Change(event), *changes], self.occurred_at, ctx)

    def _units(self, transfer: Transfer, given: Given) -> dict[str, int]:
        if self.lines is not None:
            units = {
                sku: quantity_of(line.quantity, sku, given, f"lines.{n}.quantity")
                for n, line in enumerate(self.lines)
                for sku in [stored_sku(line.sku, given)]
            }
            require_lines(transfer, units)
            return units
        units = {
            sku: line.requested - line.shipped
            for sku, line in transfer.lines.items()
            if line.requested > line.shipped
        }
        if not units:
            raise illegal_transition(
                "The transfer",
                "shipped",
                "shipped again",
                "Name in `lines` what leaves beyond that, or receive it.",
            )
        return units
