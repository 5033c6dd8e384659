"""Answers about drafts, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.catalogue.answers import MeasuredAnswer
from oms_ledger.domain.orders.answers import AddressAnswer, CustomerAnswer
from oms_ledger.domain.text_kinds import DraftId, Harmless, OrderId, Sku


class DraftLineAnswer(MeasuredAnswer):
    sku: Sku
    quantity: int
    unit_price: Harmless | None
    tax: Harmless | None
    discount: Harmless | None
    title: str | None
    tax_rate: str | None


class DraftShippingAnswer(TypedDict):
    service: Harmless
    price: Harmless | None
    tax: Harmless | None


class DraftPresentmentAnswer(TypedDict):
    currency: Harmless
    rate: str


class DraftStatusAnswer(TypedDict):
    """`status` is open, placed or deleted; `order_id` the order that the draft has become."""

    draft_id: DraftId
    version: int
    status: Harmless
    sensitive: bool
    channel: Harmless | None
    external_id: str | None
    order_id: OrderId | None


class DraftAnswer(DraftStatusAnswer):
    """The content as it was saved, and since when it is there."""

    currency: Harmless | None
    lines: list[DraftLineAnswer]
    placed_at: Harmless | None
    customer: CustomerAnswer | None
    shipping_address: AddressAnswer | None
    billing_address: AddressAnswer | None
    shipping: DraftShippingAnswer | None
    discount: Harmless | None
    tax_included: bool
    presentment: DraftPresentmentAnswer | None
    backorder: Harmless
    confirm: bool
    promised_ship_at: Harmless | None
    promised_delivery_at: Harmless | None
    fulfil_at: Harmless | None
    pay_by: str | None
    intake: Harmless
    created_at: Harmless
    updated_at: Harmless


class DraftsAnswer(TypedDict):
    items: list[DraftAnswer]
    next_cursor: Harmless | None
