"""Closing a transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Text
from oms_commands.transfers._transfer_command import TransferCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.times import dated
from oms_ledger.domain.transfers.rules import close
from oms_ledger.domain.transfers.state import open_transfer
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CloseTransfer(TransferCommand):
    """Close a transfer of which nothing more is shipped or received.

    What is still in transit is lost, and not expected any more.
    """

    name: ClassVar[str] = "CloseTransfer"
    route: ClassVar[Route] = Route("POST", "/v1/transfers/{transfer_id}/close")
    example: ClassVar[Mapping[str, Json]] = {"reason": "The lorry was robbed"}

    transfer_id: Id
    reason: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        transfer = open_transfer(given, self.transfer_id, "closed")
        if transfer.status == "draft":
            raise illegal_transition("The transfer", "a draft", "closed", "Cancel it instead.")
        changes = close(self.transfer_id, transfer, (), self.reason)
        return dated(changes, self.occurred_at, ctx)
