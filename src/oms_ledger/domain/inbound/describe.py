"""Events of inbound deliveries as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.inbound.events import (
    InboundCancelled,
    InboundClosed,
    InboundCreated,
    InboundEvent,
    InboundReceived,
)
from oms_ledger.domain.phrases import note_suffix, plural


def describe_inbound(event: InboundEvent) -> str:
    match event:
        case InboundCreated():
            units = plural(sum(line.quantity for line in event.lines), "unit")
            return f"Delivery of {units} expected at {event.location} by {event.expected_at:%F}"
        case InboundReceived():
            units = plural(sum(line.quantity for line in event.lines), "unit")
            return f"{units} of the delivery received"
        case InboundClosed():
            return f"Delivery closed{note_suffix(event.reason)}"
        case InboundCancelled():
            return f"Delivery cancelled{note_suffix(event.reason)}"
        case _:
            assert_never(event)
