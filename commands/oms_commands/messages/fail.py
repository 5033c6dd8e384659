"""Recording that a message could not be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.messages._message_command import MessageCommand
from oms_ledger.domain.messages.events import MessageFailed
from oms_ledger.domain.messages.state import existing_message
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class FailMessage(MessageCommand):
    """Record that a message could not be sent, or that a sent one came back.

    `reason` is kept: write no address and nothing else personal into it.
    """

    name: ClassVar[str] = "FailMessage"
    route: ClassVar[Route] = Route("POST", "/v1/messages/{message_id}/failed")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "The mailbox is full."}

    message_id: Id
    reason: Reason
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        message = existing_message(given, self.message_id)
        if message.status == "failed" and message.reason == self.reason:
            return ()
        return dated([Change(MessageFailed(self.message_id, self.reason))], self.occurred_at, ctx)
