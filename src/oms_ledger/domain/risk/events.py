"""Events of hold rules, of the blocked list, and of the orders that buyers place."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.money import Money
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, OrderId
from oms_ledger.kernel import Event


class HoldRuleDefined(Event, frozen=True):
    """Orders of `channels`, or of all where it is empty, are held for `reason`. By `kind`:
    value (a total of `minimum` or more), velocity (the buyer's `orders`th order within `hours`, or
    a later one), address_mismatch (shipping and billing address differ in one of `fields`) or
    sku_list (any of `skus`)."""

    type: ClassVar[str] = "hold_rule.defined.v1"
    category: ClassVar[str] = "hold_rule"
    name: Harmless
    kind: Harmless
    reason: str
    enabled: bool = True
    channels: tuple[str, ...] = ()
    minimum: Money | None = None
    orders: int | None = None
    hours: int | None = None
    fields: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.name


class BlockedStreamEvent(Event, frozen=True):
    """An event of an entry of the blocked list. `buyer` is `customer:<id>`, or `email:` with the
    blind of the address, which is never stored itself."""

    category: ClassVar[str] = "blocked"
    buyer: str

    @property
    def key(self) -> str:
        return self.buyer


class BuyerBlocked(BlockedStreamEvent, frozen=True):
    """New orders of the buyer are held."""

    type: ClassVar[str] = "blocked.added.v1"
    buyer: str
    reason: str


class BuyerUnblocked(BlockedStreamEvent, frozen=True):
    type: ClassVar[str] = "blocked.removed.v1"
    buyer: str


class BuyerOrderCounted(Event, frozen=True):
    """An order counts towards the velocity of its buyer. `buyer` is `customer:<id>`, or of a guest
    `key:` with the id of the data key of their values."""

    type: ClassVar[str] = "buyer.order_counted.v1"
    category: ClassVar[str] = "buyer"
    buyer: str
    order_id: OrderId
    placed_at: HarmlessTime

    @property
    def key(self) -> str:
        return self.buyer


BlockedEvent: TypeAlias = BuyerBlocked | BuyerUnblocked
RiskEvent: TypeAlias = HoldRuleDefined | BlockedEvent | BuyerOrderCounted
RISK_EVENTS: tuple[type[RiskEvent], ...] = get_args(RiskEvent)
