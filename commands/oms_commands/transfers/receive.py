"""Receiving the goods of a transfer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec.structs import replace
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Id,
    OccurredAt,
    QuantityOrZero,
    Sku,
    Text,
    require_distinct_skus,
)
from oms_commands.transfers._transfer_command import TransferCommand, require_lines
from oms_ledger.domain.catalogue.state import product_refs, quantity_of, stored_sku
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.times import dated
from oms_ledger.domain.transfers.events import ReceivedTransferLine, TransferReceived
from oms_ledger.domain.transfers.rules import arrival, arriving_lots, close
from oms_ledger.domain.transfers.state import Transfer, open_transfer
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class _ArrivedLine:
    """Of `quantity`, `damaged` units are damaged. `reason` is that of a difference."""

    sku: Sku
    quantity: QuantityOrZero
    damaged: QuantityOrZero = 0
    reason: Text | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceiveTransfer(TransferCommand):
    """Receive goods of a transfer: a part, all, or more than was shipped.

    Damaged units are on hand and not sold. Units beyond those in transit are an adjustment of the
    second location. With `close` what is still in transit is lost, and nothing more is expected.
    `occurred_at` is when they arrived, if that was earlier.
    """

    name: ClassVar[str] = "ReceiveTransfer"
    route: ClassVar[Route] = Route("POST", "/v1/transfers/{transfer_id}/receive")
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"sku": "85123A", "quantity": 17, "damaged": 1, "reason": "Carton crushed"}],
        "close": True,
    }

    transfer_id: Id
    lines: Annotated[tuple[_ArrivedLine, ...], Field(min_length=1, max_length=2000)]
    close: bool = False
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _possible(self) -> ReceiveTransfer:
        require_distinct_skus([line.sku for line in self.lines])
        for n, line in enumerate(self.lines):
            if line.damaged > line.quantity:
                raise ValueError(f"lines.{n}.damaged: it is more than the quantity that arrived")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        named = [ref for line in self.lines for ref in product_refs(line.sku)]
        return [*TransferCommand.reads(self, ctx, given), *named]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        transfer = open_transfer(given, self.transfer_id, "received")
        if transfer.status == "draft":
            raise illegal_transition("The transfer", "a draft", "received", "Ship it first.")
        named = {stored_sku(line.sku, given): line for line in self.lines}
        require_lines(transfer, named)
        lines = [
            _received(transfer, sku, line, n, given)
            for n, (sku, line) in enumerate(named.items())
            if line.quantity
        ]
        changes = [Change(TransferReceived(self.transfer_id, tuple(lines)))] if lines else []
        for each in lines:
            changes += arrival(self.transfer_id, transfer, each)
        if self.close:
            reasons = [line.reason for line in self.lines if line.reason]
            reason = ", ".join(dict.fromkeys(reasons)) or None
            changes += close(self.transfer_id, transfer, lines, reason)
        return dated(changes, self.occurred_at, ctx)


def _received(
    transfer: Transfer, sku: str, line: _ArrivedLine, number: int, given: Given
) -> ReceivedTransferLine:
    quantity = quantity_of(line.quantity, sku, given, f"lines.{number}.quantity")
    damaged = quantity_of(line.damaged, sku, given, f"lines.{number}.damaged")
    surplus = max(0, quantity - transfer.lines[sku].in_transit)
    received = ReceivedTransferLine(sku, quantity, damaged, surplus, line.reason)
    return replace(received, lots=arriving_lots(transfer, received, given))
