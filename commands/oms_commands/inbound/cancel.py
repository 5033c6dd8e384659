"""Cancelling a delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Text
from oms_commands.inbound._inbound_command import InboundCommand, nothing_awaited
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.inbound.events import InboundCancelled
from oms_ledger.domain.inbound.state import open_inbound
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelInbound(InboundCommand):
    """Cancel a delivery of which nothing was received.

    Its units are not expected any more.
    """

    name: ClassVar[str] = "CancelInbound"
    route: ClassVar[Route] = Route("POST", "/v1/inbound/{inbound_id}/cancel")
    example: ClassVar[Mapping[str, Json]] = {"reason": "The supplier has no more"}

    inbound_id: Id
    reason: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        inbound = open_inbound(given, self.inbound_id, "cancelled")
        if inbound.status != "expected":
            raise illegal_transition(
                "The inbound delivery", inbound.status, "cancelled", "Close it instead."
            )
        event = InboundCancelled(self.inbound_id, self.reason)
        changes = [Change(event), *nothing_awaited(self.inbound_id, inbound)]
        return dated(changes, self.occurred_at, ctx)
