"""Events of a message's stream."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, LinkText, MessageId, OrderId
from oms_ledger.kernel import Event

Template: TypeAlias = Literal["placed", "edited", "held", "shipped", "delivered", "refunded"]
"""What a message tells the customer of their order."""


class MessageStreamEvent(Event, frozen=True):
    """An event of a message's stream."""

    category: ClassVar[str] = "message"
    message_id: MessageId

    @property
    def key(self) -> str:
        return self.message_id


class MessageRequested(MessageStreamEvent, frozen=True):
    """A message about an order is to be sent to its customer. `template` is placed, edited, held,
    shipped, delivered or refunded; `part_id` is the id of the edit, hold, shipment or refund that
    it is about. `channel` is that of the order. `locale` is a BCP 47 language tag; None: the
    sender's own. The address, and what the template shows, are in the order."""

    type: ClassVar[str] = "message.requested.v1"
    message_id: MessageId
    order_id: OrderId
    template: Harmless
    channel: Harmless
    part_id: LinkText | None = None
    locale: Harmless | None = None
    sensitive: bool = False


class MessageSent(MessageStreamEvent, frozen=True):
    """`reference` is the name that the sender's provider gave the message."""

    type: ClassVar[str] = "message.sent.v1"
    message_id: MessageId
    reference: str | None = None


class MessageFailed(MessageStreamEvent, frozen=True):
    """The message could not be sent, or came back."""

    type: ClassVar[str] = "message.failed.v1"
    message_id: MessageId
    reason: str


MessageEvent: TypeAlias = MessageRequested | MessageSent | MessageFailed
MESSAGE_EVENTS: tuple[type[MessageEvent], ...] = get_args(MessageEvent)
