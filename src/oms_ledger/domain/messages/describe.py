"""Events of messages as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.messages.events import (
    MessageEvent,
    MessageFailed,
    MessageRequested,
    MessageSent,
)
from oms_ledger.domain.phrases import reference_suffix


def describe_message(event: MessageEvent) -> str:
    match event:
        case MessageRequested():
            return f"Message {event.template!r} to the customer requested"
        case MessageSent():
            return f"Message sent{reference_suffix(event.reference)}"
        case MessageFailed():
            return f"Message failed: {event.reason}"
        case _:
            assert_never(event)
