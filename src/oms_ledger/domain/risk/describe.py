"""Events of hold rules, the blocked list and buyers as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.risk.events import (
    BuyerBlocked,
    BuyerOrderCounted,
    BuyerUnblocked,
    HoldRuleDefined,
    RiskEvent,
)


def describe_risk(event: RiskEvent) -> str:
    match event:
        case HoldRuleDefined():
            state = "defined" if event.enabled else "disabled"
            return f"Hold rule {event.name} {state}: {event.kind}; reason: {event.reason}"
        case BuyerBlocked():
            return f"Buyer {event.buyer} blocked; reason: {event.reason}"
        case BuyerUnblocked():
            return f"Buyer {event.buyer} unblocked"
        case BuyerOrderCounted():
            return f"Order {event.order_id} counted for buyer {event.buyer}"
        case _:
            assert_never(event)
