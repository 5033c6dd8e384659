"""Answers about drafts, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.orders.answers import AddressAnswer, CustomerAnswer


class DraftLineAnswer(TypedDict):
    sku: str
    quantity: int
    unit_price: str | None
    tax: str | None
    discount: str | None
    title: str | None
    tax_rate: str | None


class DraftShippingAnswer(TypedDict):
    service: str
    price: str | None
    tax: str | None


class DraftPresentmentAnswer(TypedDict):
    currency: str
    rate: str


class DraftStatusAnswer(TypedDict):
    """`status` is open, placed or deleted; `order_id` the order that the draft has become."""

    draft_id: str
    version: int
    status: str
    sensitive: bool
    channel: str | None
    external_id: str | None
    order_id: str | None


class DraftAnswer(DraftStatusAnswer):
    """The content as it was saved, and since when it is there."""

    currency: str | None
    lines: list[DraftLineAnswer]
    placed_at: str | None
    customer: CustomerAnswer | None
    shipping_address: AddressAnswer | None
    billing_address: AddressAnswer | None
    shipping: DraftShippingAnswer | None
    discount: str | None
    tax_included: bool
    presentment: DraftPresentmentAnswer | None
    backorder: str
    confirm: bool
    promised_ship_at: str | None
    promised_delivery_at: str | None
    fulfil_at: str | None
    pay_by: str | None
    intake: str
    created_at: str
    updated_at: str


class DraftsAnswer(TypedDict):
    items: list[DraftAnswer]
    next_cursor: str | None
