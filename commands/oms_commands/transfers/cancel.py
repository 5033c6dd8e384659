"""Cancelling a transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Text
from oms_commands.transfers._transfer_command import TransferCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.times import dated
from oms_ledger.domain.transfers.events import TransferCancelled
from oms_ledger.domain.transfers.state import open_transfer
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelTransfer(TransferCommand):
    """Cancel a transfer of which nothing was shipped."""

    name: ClassVar[str] = "CancelTransfer"
    route: ClassVar[Route] = Route("POST", "/v1/transfers/{transfer_id}/cancel")
    example: ClassVar[Mapping[str, Json]] = {"reason": "No longer needed"}

    transfer_id: Id
    reason: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        transfer = open_transfer(given, self.transfer_id, "cancelled")
        if transfer.status != "draft":
            raise illegal_transition(
                "The transfer", transfer.status, "cancelled", "Receive what arrives, and close it."
            )
        event = TransferCancelled(self.transfer_id, self.reason)
        return dated([Change(event)], self.occurred_at, ctx)
