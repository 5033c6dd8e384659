"""Answers about orders, as types. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.catalogue.answers import ComponentAnswer, MeasuredAnswer
from oms_ledger.domain.payments.answers import MoneyAnswer, OrderPaymentAnswer
from oms_ledger.domain.text_kinds import (
    Harmless,
    LinkNumber,
    LinkText,
    OrderId,
    SealedText,
    ShipmentId,
    Sku,
)

StatusesAnswer = TypedDict(
    "StatusesAnswer",
    {"order": Harmless, "payment": Harmless, "fulfilment": Harmless, "return": Harmless},
)


class AllocatedAnswer(TypedDict):
    location: Harmless
    quantity: int


class RuleInputAnswer(TypedDict):
    name: Harmless
    value: str


class HoldAnswer(TypedDict):
    """`lines` are the ids of the lines that are held; none: the whole order is. `rule` is the hold
    rule that has set it, from `inputs`; null where a person has."""

    hold_id: Harmless
    reason: str
    note: str | None
    lines: list[str]
    rule: str | None
    inputs: list[RuleInputAnswer]


class LinePreorderAnswer(TypedDict):
    """Units of the line were sold before they are there, which is to be at `available_at`;
    `quantity` of them wait still."""

    available_at: Harmless
    quantity: int


class LineAnswer(MeasuredAnswer):
    """Units of the line. The line of a kit has its `components`, for one unit of it. `untracked`
    units are open, and got no stock when the order was imported; the field is left out where there
    are none."""

    line_id: LinkText
    sku: Sku
    title: str | None
    stocked: bool
    unit_price: Harmless
    tax: Harmless
    tax_rate: str | None
    tax_included: bool
    discount: Harmless
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
    components: NotRequired[list[ComponentAnswer]]
    untracked: NotRequired[int]
    preorder: NotRequired[LinePreorderAnswer]


class RejectedLineAnswer(TypedDict):
    """Of `requested` units `available` were there; null where it was not for stock."""

    line: LinkText
    sku: Sku
    requested: int | None
    available: int | None


class RejectionAnswer(TypedDict):
    """Why an order from the queue was not placed: as the refusal would have been."""

    code: Harmless
    detail: str
    errors: list[RejectedLineAnswer]


class OrderAnswer(TypedDict):
    """`total` is what was agreed, `tax_total` the tax in it. `cancelled_total` is the part of it
    that is cancelled: units with their shares of tax and discount, and shipping once every unit
    is. `open_total` is what is left to be charged: `total` less `cancelled_total`.
    `replacement_for` is the return or claim whose goods the order replaces. `imported` is what its
    import did with stock (skip, update or force), and is left out of other orders."""

    order_id: OrderId
    order_number: Harmless
    version: int
    channel: Harmless
    external_id: str | None
    sensitive: bool
    replacement_for: Harmless | None
    status: StatusesAnswer
    rejection: RejectionAnswer | None
    fulfil_at: Harmless | None
    pay_by: str | None
    on_hold: bool
    holds: list[HoldAnswer]
    tags: list[str]
    archived: bool
    lines: list[LineAnswer]
    total: Harmless
    tax_total: str
    cancelled_total: str
    open_total: str
    money: MoneyAnswer
    currency: Harmless
    imported: NotRequired[Harmless]


class HeldOrderAnswer(OrderAnswer):
    hold_id: Harmless


class EditedOrderAnswer(OrderAnswer):
    """`difference` is what the buyer has to pay more by the edit, or below 0 less; `amount_due` is
    what is still to be paid in all."""

    difference: Harmless
    amount_due: Harmless


class CustomerAnswer(TypedDict):
    id: Harmless | None
    name: SealedText | None
    email: SealedText | None
    phone: SealedText | None


class AddressAnswer(TypedDict):
    name: SealedText | None
    line1: SealedText | None
    line2: SealedText | None
    city: Harmless | None
    region: Harmless | None
    postal_code: SealedText | None
    country: Harmless | None


class ShippingAnswer(TypedDict):
    service: Harmless
    price: Harmless
    tax: Harmless
    tax_included: bool


class PresentmentAnswer(TypedDict):
    """`total` in the currency in which the buyer saw the prices, at the `rate` of then."""

    currency: Harmless
    rate: str
    total: Harmless


class OrderShipmentAnswer(TypedDict):
    shipment_id: ShipmentId
    status: Harmless
    location: Harmless | None
    carrier: Harmless | None
    service: Harmless | None
    tracking_number: Harmless | None


class TimestampsAnswer(TypedDict):
    placed_at: Harmless
    ship_by: Harmless | None
    deliver_by: Harmless | None
    confirmed_at: Harmless | None
    shipped_at: Harmless | None
    delivered_at: Harmless | None
    updated_at: Harmless | None


class DoubtfulOrderDateAnswer(TypedDict):
    """A date that lies before another which it can only follow: of the shipment, or of the order
    where `shipment_id` is null. `date` and `before` are names of fields."""

    shipment_id: ShipmentId | None
    date: str
    before: str


class OrderInFullAnswer(OrderAnswer):
    customer: CustomerAnswer | None
    shipping_address: AddressAnswer | None
    billing_address: AddressAnswer | None
    shipping: ShippingAnswer | None
    presentment: PresentmentAnswer | None
    backorder: Harmless
    payments: list[OrderPaymentAnswer]
    shipments: list[OrderShipmentAnswer]
    locations: list[Harmless]
    placed_at: Harmless
    timestamps: TimestampsAnswer
    doubtful_dates: list[DoubtfulOrderDateAnswer]


class OrderDetailAnswer(OrderInFullAnswer):
    position: LinkNumber


class ListedOrderAnswer(TypedDict):
    order_id: OrderId
    order_number: Harmless
    version: int
    channel: Harmless
    external_id: str | None
    sensitive: bool
    status: StatusesAnswer
    on_hold: bool
    tags: list[str]
    archived: bool
    total: Harmless
    currency: Harmless
    units: int
    line_count: int
    locations: list[Harmless]
    customer: CustomerAnswer | None
    placed_at: Harmless
    ship_by: Harmless | None
    deliver_by: Harmless | None
    shipped_at: Harmless | None
    updated_at: Harmless | None


class OrderTotalsAnswer(TypedDict):
    """What the orders of a list add up to in one currency."""

    currency: Harmless
    orders: int
    total: Harmless
    cancelled_total: str


class OrdersAnswer(TypedDict):
    """`count` and `totals`, with the parameter `count`: of the orders on all pages."""

    items: list[ListedOrderAnswer]
    next_cursor: Harmless | None
    count: NotRequired[int]
    totals: NotRequired[list[OrderTotalsAnswer]]


class TimelineItemAnswer(TypedDict):
    at: Harmless
    actor: Harmless
    event: Harmless
    text: str
    position: LinkNumber


class TimelineAnswer(TypedDict):
    order_id: OrderId
    sensitive: bool
    items: list[TimelineItemAnswer]
