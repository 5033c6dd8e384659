"""Events of an order's stream."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, TypeAlias, get_args

from oms_ledger.domain.orders.lines import (
    Allocation,
    Backorder,
    LineEdit,
    LineQuantity,
    OrderLine,
    RejectedLine,
)
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.orders.terms import Address, Customer, Imported, OrderTerms, ShippingCharge
from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    HarmlessTime,
    OrderId,
    PaymentId,
    ReturnId,
    ShipmentId,
)
from oms_ledger.kernel import Event


class OrderStreamEvent(Event, frozen=True):
    """An event of an order's stream."""

    category: ClassVar[str] = "order"
    order_id: OrderId

    @property
    def key(self) -> str:
        return self.order_id

    @property
    def stream(self) -> str:  # written out, since it is made for most events of an order
        return f"order-{self.order_id}"


class OrderPlaced(OrderStreamEvent, frozen=True):
    """`ship_by` and `deliver_by` are the promise made: the terms' own dates, or those of the
    shipping service. `sensitive`: the order is health data for ever, since the command or a product
    was `sensitive` then. `replacement_for` is the return or claim whose goods the order replaces.
    `postal_area` begins the postal code, in channels that route orders by rules. `untracked` are
    units that get no stock: of an order that was `imported`."""

    type: ClassVar[str] = "order.placed.v1"
    order_id: OrderId
    number: Harmless
    terms: OrderTerms
    placed_at: HarmlessTime
    ship_by: HarmlessTime
    deliver_by: HarmlessTime
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()
    sensitive: bool = False
    replacement_for: Harmless | None = None
    postal_area: Harmless | None = None
    untracked: tuple[LineQuantity, ...] = ()
    imported: Imported | None = None


class OrderReceived(OrderStreamEvent, frozen=True):
    """An order was put into the queue: it has its number, and is placed or rejected later. Fields
    are those of `OrderPlaced`. `confirm`: it is confirmed once it is placed."""

    type: ClassVar[str] = "order.received.v1"
    order_id: OrderId
    number: Harmless
    terms: OrderTerms
    placed_at: HarmlessTime
    ship_by: HarmlessTime
    deliver_by: HarmlessTime
    sensitive: bool = False
    confirm: bool = False
    postal_area: Harmless | None = None


class OrderRejected(OrderStreamEvent, frozen=True):
    """An order that was received cannot be placed. `code` and `detail` are those of the refusal,
    `faults` the lines that it names; `lines` are all units of the order, which are given up."""

    type: ClassVar[str] = "order.rejected.v1"
    order_id: OrderId
    code: Harmless
    detail: str
    lines: tuple[LineQuantity, ...]
    faults: tuple[RejectedLine, ...] = ()


class OrderConfirmed(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.confirmed.v1"
    order_id: OrderId


class FulfilmentReleased(OrderStreamEvent, frozen=True):
    """The order may be shipped from now on: its `fulfil_at` has come, a person did not wait for it,
    or work on `fulfilment_id` has begun. Fulfilment orders are read from then on alone."""

    type: ClassVar[str] = "order.fulfilment_released.v1"
    order_id: OrderId
    fulfilment_id: FulfilmentId | None = None


class OrderCancelled(OrderStreamEvent, frozen=True):
    """Units cancelled, line by line; `released`, `backorders_released` and `untracked_released`
    tell what that freed, and where."""

    type: ClassVar[str] = "order.cancelled.v1"
    order_id: OrderId
    reason: str
    note: str | None
    lines: tuple[LineQuantity, ...]
    released: tuple[Allocation, ...] = ()
    backorders_released: tuple[Backorder, ...] = ()
    untracked_released: tuple[LineQuantity, ...] = ()


class OrderEdited(OrderStreamEvent, frozen=True):
    """What was agreed has changed. None, or nothing in a tuple: as before. `added` are new lines,
    `changed` those with another quantity or price. `ship_by` and `deliver_by` are the new promise.
    `allocations` and `backorders` are what more units got, the fields that end in `released` what
    fewer units freed. `total_before` and `total_after` are the order's, `difference` what the buyer
    has to pay more, or below 0 less, without units that were cancelled before: minor units.
    `postal_area` is that of a new address. `rescheduled` preorders have another promise."""

    type: ClassVar[str] = "order.edited.v1"
    order_id: OrderId
    edit_id: Harmless
    currency: Harmless
    total_before: int
    total_after: int
    difference: int
    added: tuple[OrderLine, ...] = ()
    changed: tuple[LineEdit, ...] = ()
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping: ShippingCharge | None = None
    ship_by: HarmlessTime | None = None
    deliver_by: HarmlessTime | None = None
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()
    released: tuple[Allocation, ...] = ()
    backorders_released: tuple[Backorder, ...] = ()
    note: str | None = None
    notify_customer: bool = False
    postal_area: Harmless | None = None
    untracked_released: tuple[LineQuantity, ...] = ()
    rescheduled: tuple[Backorder, ...] = ()


class BackordersAllocated(OrderStreamEvent, frozen=True):
    """Units got other stock: `backorders_released` were backordered, `released` were allocated
    elsewhere and are routed anew; of these `backorders` wait for stock now."""

    type: ClassVar[str] = "order.backorders_allocated.v1"
    order_id: OrderId
    allocations: tuple[Allocation, ...]
    backorders_released: tuple[Backorder, ...]
    released: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()


class OrderHeld(OrderStreamEvent, frozen=True):
    """`lines` are the ids of the lines that are held; none: the whole order is. `rule` is the name
    of the hold rule by which it was, with its `inputs`; None where a person has held it."""

    type: ClassVar[str] = "order.held.v1"
    order_id: OrderId
    hold_id: Harmless
    reason: str
    note: str | None = None
    lines: tuple[str, ...] = ()
    rule: str | None = None
    inputs: tuple[RuleInput, ...] = ()


class OrderRiskAssessed(OrderStreamEvent, frozen=True):
    """`score` is decimal text by the scale of `provider`; `decision` is accept, review or deny.
    Events beside it hold the order or release it."""

    type: ClassVar[str] = "order.risk_assessed.v1"
    order_id: OrderId
    score: str
    decision: str
    provider: Harmless | None = None
    reasons: tuple[str, ...] = ()


class HoldReleased(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.hold_released.v1"
    order_id: OrderId
    hold_id: Harmless


class UnitsPacked(OrderStreamEvent, frozen=True):
    """Allocated units went into a shipment that has not left yet, or `untracked` ones."""

    type: ClassVar[str] = "order.units_packed.v1"
    order_id: OrderId
    shipment_id: ShipmentId
    location: Harmless
    lines: tuple[LineQuantity, ...]
    untracked: bool = False


class UnitsUnpacked(OrderStreamEvent, frozen=True):
    """The shipment was cancelled; exactly its units are allocated again, or `untracked`."""

    type: ClassVar[str] = "order.units_unpacked.v1"
    order_id: OrderId
    shipment_id: ShipmentId
    location: Harmless
    lines: tuple[LineQuantity, ...]
    untracked: bool = False


class UnitsShipped(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.units_shipped.v1"
    order_id: OrderId
    shipment_id: ShipmentId
    lines: tuple[LineQuantity, ...]


class UnitsDelivered(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.units_delivered.v1"
    order_id: OrderId
    shipment_id: ShipmentId
    lines: tuple[LineQuantity, ...]


class UnitsDateCorrected(OrderStreamEvent, frozen=True):
    """The date at which a shipment left (`dispatched_at`) or arrived was recorded wrongly."""

    type: ClassVar[str] = "order.units_date_corrected.v1"
    order_id: OrderId
    shipment_id: ShipmentId
    date: Literal["dispatched_at", "delivered_at"]
    corrected_to: datetime


class UnitsReturned(OrderStreamEvent, frozen=True):
    """Shipped units came back."""

    type: ClassVar[str] = "order.units_returned.v1"
    order_id: OrderId
    reference: str | None
    lines: tuple[LineQuantity, ...]


class OrderResumed(OrderStreamEvent, frozen=True):
    """A cancelled order goes on: `lines` are the units that are wanted again, with the stock that
    they got anew."""

    type: ClassVar[str] = "order.resumed.v1"
    order_id: OrderId
    note: str | None
    lines: tuple[LineQuantity, ...]
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()


class OrderTagged(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.tagged.v1"
    order_id: OrderId
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class OrderNoted(OrderStreamEvent, frozen=True):
    """A note of the staff's, for the timeline."""

    type: ClassVar[str] = "order.noted.v1"
    order_id: OrderId
    text: str


class OrderArchived(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.archived.v1"
    order_id: OrderId


class OrderUnarchived(OrderStreamEvent, frozen=True):
    type: ClassVar[str] = "order.unarchived.v1"
    order_id: OrderId


class PaymentProgressed(OrderStreamEvent, frozen=True):
    """The totals of a payment of the order, as they are now; minor units. `open` is authorised and
    not captured, `pending` requested without an answer of the provider yet, `refunding` on its way
    back. What happened is in the payment's own stream."""

    type: ClassVar[str] = "order.payment_progressed.v1"
    order_id: OrderId
    payment_id: PaymentId
    provider: Harmless
    status: Harmless
    currency: Harmless
    pending: int
    open: int
    captured: int
    refunding: int
    refunded: int
    charged_back: int


class CreditGranted(OrderStreamEvent, frozen=True):
    """The buyer need not pay a part of the total, or gets it back; minor units. `goods` is the
    price of `lines` with its share of tax and discount, `shipping` a part of the shipping charge,
    `adjustment` a favour, or below 0 a fee. `tax` is the tax in `goods` and
    `shipping`. `reference` is the id of the refund or return that it was granted with."""

    type: ClassVar[str] = "order.credit_granted.v1"
    order_id: OrderId
    reason: str
    currency: Harmless
    lines: tuple[LineQuantity, ...] = ()
    goods: int = 0
    shipping: int = 0
    adjustment: int = 0
    tax: int = 0
    reference: str | None = None

    @property
    def amount(self) -> int:
        return self.goods + self.shipping + self.adjustment


class ReturnProgressed(OrderStreamEvent, frozen=True):
    """Where a return or claim of the order stands. `lines` are the units that no other return may
    have from now on: those that it still awaits, and of a claim those that were accepted."""

    type: ClassVar[str] = "order.return_progressed.v1"
    order_id: OrderId
    return_id: ReturnId
    status: Harmless
    lines: tuple[LineQuantity, ...] = ()


OrderEvent: TypeAlias = (
    OrderPlaced
    | OrderReceived
    | OrderRejected
    | OrderConfirmed
    | FulfilmentReleased
    | OrderCancelled
    | OrderEdited
    | BackordersAllocated
    | OrderHeld
    | HoldReleased
    | OrderRiskAssessed
    | UnitsPacked
    | UnitsUnpacked
    | UnitsShipped
    | UnitsDelivered
    | UnitsDateCorrected
    | UnitsReturned
    | OrderResumed
    | OrderTagged
    | OrderNoted
    | OrderArchived
    | OrderUnarchived
    | PaymentProgressed
    | CreditGranted
    | ReturnProgressed
)
ORDER_EVENTS: tuple[type[OrderEvent], ...] = get_args(OrderEvent)
