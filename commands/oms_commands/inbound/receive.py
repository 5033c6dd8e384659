"""Receiving goods of a delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Day,
    Id,
    LotName,
    OccurredAt,
    Quantity,
    QuantityOrZero,
    Sku,
)
from oms_commands.inbound._inbound_command import InboundCommand
from oms_commands.stock._stock_command import lot_refs
from oms_ledger.domain.catalogue.state import product_refs, quantity_of, stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.inbound.events import InboundClosed, InboundReceipt, InboundReceived
from oms_ledger.domain.inbound.state import Inbound, open_inbound
from oms_ledger.domain.stock.events import LotChange, StockReceived
from oms_ledger.domain.stock.movements import (
    LotReceipts,
    damaged_on_arrival,
    day_of,
    incoming_removed,
    lots_changed,
)
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class _ReceivedLine:
    """Of `quantity`, `damaged` units are damaged. `lot` is that of all of them, and `expires_on`
    the last day on which it can be used."""

    sku: Sku
    quantity: Quantity
    damaged: QuantityOrZero = 0
    lot: LotName | None = None
    expires_on: Day | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceiveInbound(InboundCommand):
    """Receive goods of a delivery: a part, all, or more than was ordered.

    A SKU may be in several lines, one for each lot. Damaged units are on hand and not sold. With
    `close` nothing more is expected of the delivery. `occurred_at` is when the goods came, if that
    was earlier.
    """

    name: ClassVar[str] = "ReceiveInbound"
    route: ClassVar[Route] = Route("POST", "/v1/inbound/{inbound_id}/receive")
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"sku": "85123A", "quantity": 120, "damaged": 2, "lot": "L-77"}]
    }

    inbound_id: Id
    lines: Annotated[tuple[_ReceivedLine, ...], Field(min_length=1, max_length=2000)]
    close: bool = False
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _possible(self) -> ReceiveInbound:
        for n, line in enumerate(self.lines):
            if line.damaged > line.quantity:
                raise ValueError(f"lines.{n}.damaged: it is more than the quantity that came")
            if line.expires_on is not None and line.lot is None:
                raise ValueError(f"lines.{n}.lot: name the lot that expires_on is of")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = list(InboundCommand.reads(self, ctx, given))
        for line in self.lines:
            refs += [*product_refs(line.sku), *lot_refs(line.sku, line.lot, given)]
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        inbound = open_inbound(given, self.inbound_id, "received")
        lines = [(stored_sku(line.sku, given), line) for line in self.lines]
        _require_lines(self.inbound_id, inbound, {sku for sku, _ in lines})
        awaited = inbound.awaited
        lots = LotReceipts(day_of(self.occurred_at or ctx.now), given)
        receipts: list[InboundReceipt] = []
        changes: list[Change] = []
        for n, (sku, line) in enumerate(lines):
            quantity = quantity_of(line.quantity, sku, given, f"lines.{n}.quantity")
            damaged = quantity_of(line.damaged, sku, given, f"lines.{n}.damaged")
            expected = min(quantity, awaited.get(sku, 0))
            awaited[sku] = awaited.get(sku, 0) - expected
            receipt = InboundReceipt(sku, quantity, damaged, expected, line.lot)
            receipts.append(receipt)
            changes += self._stock(receipt, line.expires_on, inbound, lots)
        received = InboundReceived(self.inbound_id, tuple(receipts))
        changes = [Change(received), *changes]
        if self.close:
            changes.append(Change(InboundClosed(self.inbound_id)))
            for sku, units in awaited.items():
                changes += incoming_removed(sku, inbound.location, units, self.inbound_id)
        return dated(changes, self.occurred_at, ctx)

    def _stock(
        self, receipt: InboundReceipt, expires_on: str | None, inbound: Inbound, lots: LotReceipts
    ) -> list[Change]:
        sku, quantity = receipt.sku, receipt.quantity
        ordered, place, source = inbound.lines[sku], inbound.location, self.inbound_id
        received = StockReceived(sku, place, quantity, source, ordered.unit_cost, ordered.currency)
        defined: list[Change] = []
        came: list[LotChange] = []
        if receipt.lot is not None:
            defined, change = lots.receive(sku, receipt.lot, quantity, expires_on)
            came = [change]
        return [
            *defined,
            Change(received),
            *lots_changed(sku, place, came, source),
            *damaged_on_arrival(sku, place, receipt.damaged, source, came),
            *incoming_removed(sku, place, receipt.expected, source),
        ]


def _require_lines(inbound_id: str, inbound: Inbound, skus: Iterable[str]) -> None:
    unknown = sorted(set(skus) - set(inbound.lines))
    if unknown:
        raise Refused(
            f"The delivery has no line of {', '.join(unknown)}. Receive it with POST"
            f" /v1/stock/receipts and reference {inbound_id}.",
            code="unknown_line",
            errors=[{"sku": sku} for sku in unknown],
        )
