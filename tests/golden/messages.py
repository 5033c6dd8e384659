"""What the golden files of messages mean."""

from __future__ import annotations

from oms_ledger.domain.messages.events import (
    MessageEvent,
    MessageFailed,
    MessageRequested,
    MessageSent,
)

MESSAGE_LITERALS: tuple[MessageEvent, ...] = (
    MessageRequested("m1", "o1", "shipped", "web", "s1", "en-GB", True),
    MessageSent("m1", "0102018d-7f"),
    MessageFailed("m1", "mailbox full"),
)
