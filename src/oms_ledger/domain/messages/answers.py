"""Answers about messages, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, LinkText, MessageId, OrderId


class MessageAnswer(TypedDict):
    """`status` is requested, sent or failed. `part_id` is the edit, hold, shipment or refund that
    the message is about. `reference` is the sender's, `reason` why it failed."""

    message_id: MessageId
    order_id: OrderId
    template: Harmless
    part_id: LinkText | None
    channel: Harmless
    locale: Harmless | None
    status: Harmless
    reference: str | None
    reason: str | None
    sensitive: bool
    version: int


class MessageDetailAnswer(MessageAnswer):
    requested_at: Harmless
    updated_at: Harmless


class MessagesAnswer(TypedDict):
    items: list[MessageDetailAnswer]
    next_cursor: Harmless | None


class MessageRequestAnswer(TypedDict):
    """`message_id` is null where no message was written."""

    order_id: OrderId
    template: Harmless
    message_id: MessageId | None
