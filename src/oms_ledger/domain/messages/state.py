"""The state of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, assert_never

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.messages.events import (
    MESSAGE_EVENTS,
    MessageEvent,
    MessageFailed,
    MessageRequested,
    MessageSent,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event, Given, Ref, State


@dataclass(slots=True)
class Message(State):
    """`status` is requested, sent or failed; `reference` and `reason` are those of the newest
    `MessageSent` and `MessageFailed`."""

    category: ClassVar[str] = "message"
    version: int = 0
    requested: MessageRequested | None = None
    status: str = "requested"
    reference: str | None = None
    reason: str | None = None

    @property
    def owner(self) -> Ref | None:
        return None if self.requested is None else (Order, self.requested.order_id)

    @property
    def first_event(self) -> MessageRequested:
        """`ValueError` for a message that was never requested."""
        if self.requested is None:
            raise ValueError("a message's first event is MessageRequested")
        return self.requested

    def apply(self, event: Event) -> None:
        if not isinstance(event, MESSAGE_EVENTS):
            raise TypeError(f"{event.type} does not belong to a message")
        _apply(self, event)


def _apply(message: Message, event: MessageEvent) -> None:
    match event:
        case MessageRequested():
            message.requested = event
        case MessageSent():
            message.status, message.reference, message.reason = "sent", event.reference, None
        case MessageFailed():
            message.status, message.reason = "failed", event.reason
        case _:
            assert_never(event)


def existing_message(given: Given, message_id: str) -> Message:
    """The message; `NotFound` where there is none."""
    message = given.state(Message, message_id)
    if message.requested is None:
        raise NotFound(f"There is no message {message_id}. GET /v1/messages lists them.")
    return message
