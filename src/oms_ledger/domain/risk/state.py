"""The states of hold rules, of the blocked list, and of buyers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from oms_ledger.domain.risk.events import (
    BuyerBlocked,
    BuyerOrderCounted,
    BuyerUnblocked,
    HoldRuleDefined,
)
from oms_ledger.kernel import Event, State

ORDERS_COUNTED = 100
"""Newest orders of a buyer that are remembered; a velocity rule counts at most as many."""


@dataclass(slots=True)
class HoldRule(State):
    category: ClassVar[str] = "hold_rule"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: HoldRuleDefined | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, HoldRuleDefined):
            raise TypeError(f"{event.type} does not belong to a hold rule")
        self.defined = event


@dataclass(slots=True)
class BlockedBuyer(State):
    """An entry of the blocked list. `blocked` is None once the buyer was unblocked."""

    category: ClassVar[str] = "blocked"
    all_cached: ClassVar[bool] = True
    version: int = 0
    blocked: BuyerBlocked | None = None

    def apply(self, event: Event) -> None:
        match event:
            case BuyerBlocked():
                self.blocked = event
            case BuyerUnblocked():
                self.blocked = None
            case _:
                raise TypeError(f"{event.type} does not belong to the blocked list")


@dataclass(slots=True)
class Buyer(State):
    """When a buyer placed their newest orders, by order id."""

    category: ClassVar[str] = "buyer"
    version: int = 0
    orders: dict[str, datetime] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        if not isinstance(event, BuyerOrderCounted):
            raise TypeError(f"{event.type} does not belong to a buyer")
        self.orders[event.order_id] = event.placed_at
        if len(self.orders) > ORDERS_COUNTED:
            del self.orders[next(iter(self.orders))]
