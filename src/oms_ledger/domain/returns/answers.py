"""Answers about returns, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.payments.answers import MoneyAnswer
from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, ReturnId, Sku


class ReceivedUnitsAnswer(TypedDict):
    condition: Harmless
    disposition: Harmless
    location: Harmless
    quantity: int


class ReturnLineAnswer(TypedDict):
    """`outstanding` units are still to come back; `excess` ones came back beyond those requested;
    the price of `credited` ones was granted back."""

    line_id: LinkText
    sku: Sku
    reason: str | None
    requested: int
    received: int
    outstanding: int
    excess: int
    credited: int
    receipts: list[ReceivedUnitsAnswer]


class ReturnAnswer(TypedDict):
    """`granted` is what the buyer gets for the return, of which `refunded` went back over payments
    and `exchanged` paid the order `replacement_order_id`; the rest lowered what was due. Null where
    there is no order. `override` is the reason for which staff accepted it outside the policy."""

    return_id: ReturnId
    order_id: OrderId | None
    order_number: Harmless | None
    channel: Harmless | None
    customer_id: Harmless | None
    kind: Harmless
    resolution: Harmless
    status: Harmless
    note: str | None
    override: str | None
    location: Harmless | None
    lines: list[ReturnLineAnswer]
    currency: Harmless | None
    granted: Harmless | None
    refunded: Harmless | None
    exchanged: Harmless | None
    refund_automatically: bool
    ship_replacement: Harmless | None
    replacement_order_id: Harmless | None
    sensitive: bool
    version: int


class ReturnDetailAnswer(ReturnAnswer):
    requested_at: Harmless
    received_at: Harmless | None
    closed_at: Harmless | None
    updated_at: Harmless


class ReturnsAnswer(TypedDict):
    items: list[ReturnDetailAnswer]
    next_cursor: Harmless | None


class ReturnRefundAnswer(ReturnAnswer):
    """`money` is that of the order."""

    refund_id: Harmless
    money: MoneyAnswer


class ReturnPolicyAnswer(TypedDict):
    name: Harmless
    days_from_delivery: int
    channels: list[str]
    categories: list[str]
    version: int


class ReturnPoliciesAnswer(TypedDict):
    items: list[ReturnPolicyAnswer]
