"""Answers about orders, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.payments.answers import MoneyAnswer, OrderPaymentAnswer

StatusesAnswer = TypedDict(
    "StatusesAnswer", {"order": str, "payment": str, "fulfilment": str, "return": str}
)


class AllocatedAnswer(TypedDict):
    location: str
    quantity: int


class RuleInputAnswer(TypedDict):
    name: str
    value: str


class HoldAnswer(TypedDict):
    """`lines` are the ids of the lines that are held; none: the whole order is. `rule` is the hold
    rule that has set it, from `inputs`; null where a person has."""

    hold_id: str
    reason: str
    note: str | None
    lines: list[str]
    rule: str | None
    inputs: list[RuleInputAnswer]


class LineAnswer(TypedDict):
    line_id: str
    sku: str
    title: str | None
    stocked: bool
    unit_price: str
    tax: str
    tax_rate: str | None
    tax_included: bool
    discount: str
    order_discount: str
    ordered: int
    allocated: int
    packed: int
    backordered: int
    shipped: int
    delivered: int
    cancelled: int
    returned: int
    return_requested: int
    credited: int
    allocations: list[AllocatedAnswer]


class RejectedLineAnswer(TypedDict):
    """Of `requested` units `available` were there; null where it was not for stock."""

    line: str
    sku: str
    requested: int | None
    available: int | None


class RejectionAnswer(TypedDict):
    """Why an order from the queue was not placed: as the refusal would have been."""

    code: str
    detail: str
    errors: list[RejectedLineAnswer]


class OrderAnswer(TypedDict):
    """`total` is what was agreed, `tax_total` the tax in it. `cancelled_total` is the part of it
    that is cancelled: units with their shares of tax and discount, and shipping once every unit
    is. `open_total` is what is left to be charged: `total` less `cancelled_total`.
    `replacement_for` is the return or claim whose goods the order replaces."""

    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    replacement_for: str | None
    status: StatusesAnswer
    rejection: RejectionAnswer | None
    fulfil_at: str | None
    pay_by: str | None
    on_hold: bool
    holds: list[HoldAnswer]
    tags: list[str]
    archived: bool
    lines: list[LineAnswer]
    total: str
    tax_total: str
    cancelled_total: str
    open_total: str
    money: MoneyAnswer
    currency: str


class HeldOrderAnswer(OrderAnswer):
    hold_id: str


class EditedOrderAnswer(OrderAnswer):
    """`difference` is what the buyer has to pay more by the edit, or below 0 less; `amount_due` is
    what is still to be paid in all."""

    difference: str
    amount_due: str


class CustomerAnswer(TypedDict):
    id: str | None
    name: str | None
    email: str | None
    phone: str | None


class AddressAnswer(TypedDict):
    name: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None


class ShippingAnswer(TypedDict):
    service: str
    price: str
    tax: str
    tax_included: bool


class PresentmentAnswer(TypedDict):
    """`total` in the currency in which the buyer saw the prices, at the `rate` of then."""

    currency: str
    rate: str
    total: str


class OrderShipmentAnswer(TypedDict):
    shipment_id: str
    status: str
    location: str | None
    carrier: str | None
    service: str | None
    tracking_number: str | None


class TimestampsAnswer(TypedDict):
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    confirmed_at: str | None
    shipped_at: str | None
    delivered_at: str | None
    updated_at: str | None


class DoubtfulOrderDateAnswer(TypedDict):
    """A date that lies before another which it can only follow: of the shipment, or of the order
    where `shipment_id` is null. `date` and `before` are names of fields."""

    shipment_id: str | None
    date: str
    before: str


class OrderInFullAnswer(OrderAnswer):
    customer: CustomerAnswer | None
    shipping_address: AddressAnswer | None
    billing_address: AddressAnswer | None
    shipping: ShippingAnswer | None
    presentment: PresentmentAnswer | None
    backorder: str
    payments: list[OrderPaymentAnswer]
    shipments: list[OrderShipmentAnswer]
    locations: list[str]
    placed_at: str
    timestamps: TimestampsAnswer
    doubtful_dates: list[DoubtfulOrderDateAnswer]


class OrderDetailAnswer(OrderInFullAnswer):
    position: int


class ListedOrderAnswer(TypedDict):
    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: StatusesAnswer
    on_hold: bool
    tags: list[str]
    archived: bool
    total: str
    currency: str
    units: int
    line_count: int
    locations: list[str]
    customer: CustomerAnswer | None
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    shipped_at: str | None
    updated_at: str | None


class OrderTotalsAnswer(TypedDict):
    """What the orders of a list add up to in one currency."""

    currency: str
    orders: int
    total: str
    cancelled_total: str


class OrdersAnswer(TypedDict):
    """`count` and `totals`, with the parameter `count`: of the orders on all pages."""

    items: list[ListedOrderAnswer]
    next_cursor: str | None
    count: NotRequired[int]
    totals: NotRequired[list[OrderTotalsAnswer]]


class TimelineItemAnswer(TypedDict):
    at: str
    actor: str
    event: str
    text: str
    position: int


class TimelineAnswer(TypedDict):
    order_id: str
    sensitive: bool
    items: list[TimelineItemAnswer]
