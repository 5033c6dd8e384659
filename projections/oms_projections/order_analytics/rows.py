"""The rows that figures are computed from: one for each order, hold, payment and return. Times are
when it happened, amounts minor units, channels their keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class OrderFigureRow(Row):
    """One order. As placed: `gross` (the total without discounts), `discounts`, `tax`, `quantity`
    (units of all lines), `units` and `lines` (of goods), `allocated` and `short` (units of stock
    that were there, and that were not), `short_lines`.

    As it is by now: `ordered` and `cancelled` (of all lines), `goods` and `goods_cancelled`,
    `goods_withheld` (cancelled for another reason than the customer's wish), `shipped`, `delivered`
    and `returned`; `edits` and the sum of their differences; `backordered` units of stock since
    `backordered_at`; `refunded`; `claims` and `exchanges` that were neither declined nor cancelled.
    `first_shipped_at` is the first shipment; `delivered_at` is set once all goods that were not
    cancelled are there. `services` are the lines of which nothing is shipped; the other
    collections are what these figures follow from."""

    table: ClassVar[str] = "order_figures"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    channel: str
    sensitive: bool
    currency: str
    placed_at: datetime
    confirmed_at: datetime | None
    deliver_by: datetime
    gross: int
    discounts: int
    tax: int
    quantity: int
    units: int
    lines: int
    allocated: int
    short: int
    short_lines: int
    ordered: int
    goods: int
    cancelled: int = 0
    goods_cancelled: int = 0
    goods_withheld: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0
    edits: int = 0
    edit_difference: int = 0
    backordered: int = 0
    backordered_at: datetime | None = None
    refunded: int = 0
    claims: int = 0
    exchanges: int = 0
    first_shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    services: list[str] = field(default_factory=list)
    cancellations: list[dict[str, object]] = field(default_factory=list)
    dispatches: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    returns: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class HoldFigureRow(Row):
    """One hold of an order. `released_at` is None while it is in force."""

    table: ClassVar[str] = "hold_figures"
    key: ClassVar[tuple[str, ...]] = ("order_id", "hold_id")
    order_id: str
    hold_id: str
    reason: str
    held_at: datetime
    released_at: datetime | None


@dataclass(slots=True)
class PaymentFigureRow(Row):
    """One payment. `requested` is its amount; `authorised`, `captured`, `refunded` and
    `charged_back` are its totals by now. `authorised_at` and `captured_at` are the first times.
    `charge_backs` counts them, reversed ones too. `refund_hours` has for each refund the hours
    from its request; `refund_requests` are the times of those that are on their way."""

    table: ClassVar[str] = "payment_figures"
    key: ClassVar[tuple[str, ...]] = ("payment_id",)
    payment_id: str
    order_id: str
    channel: str | None
    sensitive: bool
    provider: str
    currency: str
    requested_at: datetime
    requested: int
    failed: bool = False
    authorised_at: datetime | None = None
    authorised: int = 0
    captured_at: datetime | None = None
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    charge_backs: int = 0
    refund_hours: list[float] = field(default_factory=list)
    refund_requests: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ReturnFigureRow(Row):
    """One return, exchange or claim. `units` were requested, `received` came back. `granted` is
    what the buyer got for it in all, of which `refunded` went back and `exchanged` paid the
    replacement; `fees` were kept. `refunded_at` is the first refund. `reasons` are units by reason;
    of sensitive orders none is kept."""

    table: ClassVar[str] = "return_figures"
    key: ClassVar[tuple[str, ...]] = ("return_id",)
    return_id: str
    channel: str | None
    sensitive: bool
    kind: str
    currency: str | None
    requested_at: datetime
    units: int
    reasons: list[dict[str, object]]
    approved: bool = False
    declined: bool = False
    cancelled: bool = False
    received: int = 0
    received_at: datetime | None = None
    refunded_at: datetime | None = None
    granted: int = 0
    refunded: int = 0
    exchanged: int = 0
    fees: int = 0
