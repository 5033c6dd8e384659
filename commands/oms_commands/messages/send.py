"""Recording that a message was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.messages._message_command import MessageCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.messages.events import MessageSent
from oms_ledger.domain.messages.state import existing_message
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class SendMessage(MessageCommand):
    """Record that a message was sent. The ledger sends none itself.

    `reference` is the name that the sender's provider gave it. A message that failed before may be
    sent after all.
    """

    name: ClassVar[str] = "SendMessage"
    route: ClassVar[Route] = Route("POST", "/v1/messages/{message_id}/sent")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reference": "0102018d-7f"}

    message_id: Id
    reference: Id | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        message = existing_message(given, self.message_id)
        if message.status == "sent":
            if self.reference in (None, message.reference):
                return ()
            raise illegal_transition(
                "The message",
                "sent already, under another reference",
                "sent again",
                "Request another one with POST /v1/orders/{order_id}/messages.",
            )
        changes = [Change(MessageSent(self.message_id, self.reference))]
        return dated(changes, self.occurred_at, ctx)
