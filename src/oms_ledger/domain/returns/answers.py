"""Answers about returns, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.payments.answers import MoneyAnswer


class ReceivedUnitsAnswer(TypedDict):
    condition: str
    disposition: str
    location: str
    quantity: int


class ReturnLineAnswer(TypedDict):
    """`outstanding` units are still to come back; `excess` ones came back beyond those requested;
    the price of `credited` ones was granted back."""

    line_id: str
    sku: str
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

    return_id: str
    order_id: str | None
    order_number: str | None
    channel: str | None
    customer_id: str | None
    kind: str
    resolution: str
    status: str
    note: str | None
    override: str | None
    location: str | None
    lines: list[ReturnLineAnswer]
    currency: str | None
    granted: str | None
    refunded: str | None
    exchanged: str | None
    refund_automatically: bool
    ship_replacement: str | None
    replacement_order_id: str | None
    sensitive: bool
    version: int


class ReturnDetailAnswer(ReturnAnswer):
    requested_at: str
    received_at: str | None
    closed_at: str | None
    updated_at: str


class ReturnsAnswer(TypedDict):
    items: list[ReturnDetailAnswer]
    next_cursor: str | None


class ReturnRefundAnswer(ReturnAnswer):
    """`money` is that of the order."""

    refund_id: str
    money: MoneyAnswer


class ReturnPolicyAnswer(TypedDict):
    name: str
    days_from_delivery: int
    channels: list[str]
    categories: list[str]
    version: int


class ReturnPoliciesAnswer(TypedDict):
    items: list[ReturnPolicyAnswer]
