"""A day in the sample shop as commands of the catalogue, stage by stage. What has happened so far
(which order is allocated where) is read from `ShopState`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from oms_commands.fulfilment._fields import PackageFields, ScanCode, ShippedLine
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_commands.orders._fields import (
    AddressFields,
    CancelledLine,
    CustomerFields,
    LineFields,
    ShippingFields,
)
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_ledger.demo import warehouse
from oms_ledger.demo.cases import exception_of, open_missing, resolve_cases
from oms_ledger.demo.drafts import prepare_offers, queue_orders, reserve_baskets
from oms_ledger.demo.messages import write_messages
from oms_ledger.demo.money import (
    POSTAGE,
    PRICES,
    dispatch_replacements,
    edit,
    expire,
    is_unpaid,
    pack_replacements,
    pay,
    receive_returns,
    refund_cancelled,
    refund_parts,
    request_returns,
)
from oms_ledger.demo.shop import Good, Story
from oms_ledger.demo.shop_state import Day, PackedParcel, ScheduledCommand, ShopState, lines_of
from oms_ledger.domain.personal import Personal

CURRENCY = "GBP"
UNCONFIRMED_FATES = ("cancelled", "unconfirmed")
UNPACKED_FATES = ("cancelled", "unconfirmed", "held", "overdue", "scheduled")
HELD_FATES = ("held", "checked")
HOLD_REASONS = ("address looks incomplete", "payment under review", "customer asked to wait")
DELIVERY_ROUND_MAX = timedelta(hours=10)
"""The longest time from `out_for_delivery` to the delivery."""
HOLD_DELAY = timedelta(minutes=1)
HOLD_DURATION = timedelta(minutes=50)
REMAINDER_DELAY = timedelta(days=3)
"""From the first parcel of a partial order until the remainder is packed."""
RETURN_DELAY = timedelta(days=4)
SCHEDULE_DELAY = timedelta(days=21)
"""From placing a scheduled order until it may be shipped."""

CancelReason = Literal["customer", "fraud", "declined"]
CANCEL_REASONS: tuple[CancelReason, ...] = ("customer", "customer", "declined", "fraud")


class Stage(NamedTuple):
    """The commands that `actor` sends on a day, given the state of the shop."""

    actor: str
    commands: Callable[[ShopState, Day], Iterator[ScheduledCommand]]


def receive(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for at, delivery in state.deliveries:
        if day.has(at):
            receipt = ReceiveStock(
                sku=delivery.sku,
                location=delivery.location,
                quantity=delivery.quantity,
                reference=f"supplier delivery, {delivery.quantity} x {delivery.sku}",
            )
            yield ScheduledCommand(at, f"delivery:{delivery.sku}", receipt)


def allocate(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Allocate a delivery to backordered orders, the oldest first."""
    for at, delivery in state.deliveries:
        left = delivery.quantity if day.has(at) else 0
        for story in state.placed_stories():
            backordered = state.backordered(story).get(delivery.sku, 0)
            if left > 0 and backordered:
                left -= backordered
                command = AllocateBackorders(order_id=state.order_id(story))
                yield ScheduledCommand(
                    at, f"{story.external_id}:allocate:{delivery.sku}", command, story
                )


def place_orders(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for story in state.stories:
        if day.has(story.placed_at):
            yield ScheduledCommand(
                story.placed_at, f"{story.external_id}:place", order_of(story), story
            )


def order_of(story: Story) -> PlaceOrder:
    customer = story.customer
    service = "express" if story.express else "standard"
    return PlaceOrder(
        channel=story.channel,
        external_id=story.external_id,
        currency=CURRENCY,
        placed_at=story.placed_at,
        customer=CustomerFields(
            id=customer.id, name=Personal(customer.name), email=Personal(customer.email)
        ),
        shipping_address=AddressFields(
            name=Personal(customer.name),
            line1=Personal(customer.street),
            city=customer.city,
            postal_code=Personal(customer.postal_code),
            country="GB",
        ),
        lines=tuple(_line(good, units) for good, units in story.lines),
        shipping=ShippingFields(service=service, price=POSTAGE[service]),
        backorder="allow",
        pay_by=story.confirmed_at if is_unpaid(story) else None,
        fulfil_at=story.placed_at + SCHEDULE_DELAY if story.fate == "scheduled" else None,
    )


def _line(good: Good, units: int) -> LineFields:
    return LineFields(sku=good.sku, quantity=units, unit_price=PRICES[good.sku], title=good.title)


def confirm_hold_or_cancel(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Confirm, hold or cancel orders."""
    for story in state.placed_stories():
        order_id, at = state.order_id(story), story.confirmed_at
        if not day.has(at):
            continue
        if story.fate == "cancelled" and not is_unpaid(story):
            reason = CANCEL_REASONS[story.number % len(CANCEL_REASONS)]
            command = CancelOrder(order_id=order_id, reason=reason)
            yield ScheduledCommand(at, f"{story.external_id}:cancel", command, story)
        if story.fate not in UNCONFIRMED_FATES:
            confirm = ConfirmOrder(order_id=order_id)
            yield ScheduledCommand(at, f"{story.external_id}:confirm", confirm, story)
        if story.fate in HELD_FATES:
            hold = HoldOrder(
                order_id=order_id, reason=HOLD_REASONS[story.number % len(HOLD_REASONS)]
            )
            yield ScheduledCommand(at + HOLD_DELAY, f"{story.external_id}:hold", hold, story)


def release_or_reduce(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Release holds of checked orders, and cancel single units, before anything is packed."""
    for story in state.placed_stories():
        order_id, at = state.order_id(story), story.confirmed_at + HOLD_DURATION
        if not day.has(at):
            continue
        if story.fate == "checked":
            release = ReleaseHold(order_id=order_id, hold_id=state.holds[story.number])
            yield ScheduledCommand(at, f"{story.external_id}:release", release, story)
        if story.fate == "partly_cancelled":
            last = lines_of(state.orders[story.number])[-1]
            fewer = CancelOrder(
                order_id=order_id,
                reason="customer",
                note="Changed their mind about one",
                lines=(CancelledLine(line_id=str(last["line_id"]), quantity=1),),
            )
            yield ScheduledCommand(at, f"{story.external_id}:fewer", fewer, story)


def pack(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Pack a parcel at each location that has units of an order; of a partial one first a line."""
    for story in state.placed_stories():
        if story.fate in UNPACKED_FATES:
            continue
        ordinal = len(state.parcels_of(story))
        for location, units in state.packable[story.number].items():
            at = state.packing_at(story, location)
            first = story.fate == "partial" and not ordinal
            if story.fate == "partial" and ordinal:
                at += REMAINDER_DELAY
            if units and day.has(at):
                ordinal += 1
                key = f"{story.external_id}:{ordinal}:pack"
                command = _shipment(state.order_id(story), location, units, partly=first)
                yield ScheduledCommand(at, key, command, story)


def _shipment(
    order_id: str, location: str, units: dict[str, int], *, partly: bool
) -> CreateShipment:
    line_id, quantity = next(iter(units.items()))
    some = quantity if len(units) > 1 else max(1, quantity - 1)
    return CreateShipment(
        order_id=order_id,
        location=location,
        lines=(ShippedLine(line_id=line_id, quantity=some),) if partly else None,
        packages=(PackageFields(weight_g=300 + 450 * sum(units.values())),),
    )


def cancel_damaged(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Cancel the shipment of a damaged parcel; the next stage packs another one."""
    for parcel in state.parcels:
        if parcel.repacked and day.has(parcel.packed_at):
            command = CancelShipment(shipment_id=parcel.shipment_id)
            yield ScheduledCommand(parcel.packed_at, f"{parcel.key}:unpack", command, parcel.story)


def label_and_dispatch(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Label parcels, and hand them over to the carrier."""
    for parcel in state.parcels:
        if parcel.repacked:
            continue
        if day.has(parcel.labelled_at):
            label = LabelShipment(
                shipment_id=parcel.shipment_id, tracking_number=parcel.tracking_number
            )
            yield ScheduledCommand(parcel.labelled_at, f"{parcel.key}:label", label)
        if day.has(parcel.shipped_at):
            dispatch = DispatchShipment(
                shipment_id=parcel.shipment_id,
                serials=warehouse.serials_of(parcel),
                occurred_at=parcel.shipped_at,
            )
            yield ScheduledCommand(parcel.shipped_at, f"{parcel.key}:dispatch", dispatch)


def scan_and_deliver(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Scan parcels in transit, and deliver them."""
    for parcel in state.parcels:
        if parcel.repacked:
            continue
        for at, code, place, text in _scans(parcel):
            if day.has(at):
                scan = RecordTrackingEvent(
                    shipment_id=parcel.shipment_id,
                    code=code,
                    occurred_at=at,
                    location=place,
                    raw=text,
                )
                yield ScheduledCommand(at, f"{parcel.key}:{code}", scan)
        if not parcel.scanned and day.has(parcel.delivered_at):
            deliver = DeliverShipment(
                shipment_id=parcel.shipment_id, occurred_at=parcel.delivered_at
            )
            yield ScheduledCommand(parcel.delivered_at, f"{parcel.key}:deliver", deliver)


def _scans(parcel: PackedParcel) -> Iterator[tuple[datetime, ScanCode, str, str]]:
    """Time, code, place and text of each scan of a parcel, in order."""
    if not parcel.scanned:
        return
    start, end, town = parcel.shipped_at, parcel.delivered_at, parcel.story.customer.city
    way = end - start
    yield start + way * 0.2, "in_transit", parcel.location.title(), "Sorted at hub"
    if parcel.story.fate == "exception":
        code, text = exception_of(parcel.story.number)
        yield start + way * 0.45, code, town, text
    yield end - min(way * 0.4, DELIVERY_ROUND_MAX), "out_for_delivery", town, "With the driver"
    yield end, "delivered", town, "Handed over"


def take_back(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Return goods to the location that shipped them: every other parcel whole, else one unit."""
    for parcel in state.parcels:
        at, story = parcel.delivered_at + RETURN_DELAY, parcel.story
        if story.fate != "returned" or not day.has(at):
            continue
        whole = story.number % 2 == 0
        for line in parcel.lines if whole else parcel.lines[:1]:
            command = ReturnStock(
                sku=line.sku,
                location=parcel.location,
                quantity=line.quantity if whole else 1,
                reference=f"return of {story.external_id}",
                customer_id=story.customer.id,
                order_id=state.order_id(story),
                line_id=line.line_id,
                occurred_at=at,
            )
            yield ScheduledCommand(at, f"{parcel.key}:return:{line.line_id}", command)


BROKEN = ("MUG-SPECK", "TEAPOT-2", "JAR-CORK", "CANDLE-FIG")
BROKEN_AT = timedelta(hours=17)


def write_off_broken(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Write off one broken unit in Leeds, every Friday."""
    if day.opens.strftime("%a") == "Fri":
        sku = BROKEN[day.opens.toordinal() // 7 % len(BROKEN)]
        at = day.opens + BROKEN_AT
        command = AdjustStock(sku=sku, location="LEEDS", change=-1, reason="broken", occurred_at=at)
        yield ScheduledCommand(at, f"broken:{day.opens:%Y-%m-%d}", command)


STAGES = (
    Stage("warehouse", receive),
    Stage("warehouse", warehouse.receive_announced),
    Stage("warehouse", warehouse.plan),
    Stage("warehouse", warehouse.carry_out),
    Stage("sales desk", allocate),
    Stage("storefront", place_orders),
    Stage("sales desk", prepare_offers),
    Stage("storefront", reserve_baskets),
    Stage("sales desk", queue_orders),
    Stage("sales desk", confirm_hold_or_cancel),
    Stage("sales desk", expire),
    Stage("sales desk", write_messages),
    Stage("till", pay),
    Stage("sales desk", edit),
    Stage("sales desk", release_or_reduce),
    Stage("warehouse", warehouse.pick),
    Stage("warehouse", warehouse.tag_rerouted),
    Stage("warehouse", warehouse.pack_picked),
    Stage("warehouse", pack),
    Stage("warehouse", cancel_damaged),
    Stage("warehouse", pack),
    Stage("warehouse", label_and_dispatch),
    Stage("carrier", scan_and_deliver),
    Stage("sales desk", resolve_cases),
    Stage("sales desk", open_missing),
    Stage("sales desk", refund_cancelled),
    Stage("sales desk", refund_parts),
    Stage("warehouse", take_back),
    Stage("storefront", request_returns),
    Stage("warehouse", pack_replacements),
    Stage("warehouse", dispatch_replacements),
    Stage("warehouse", receive_returns),
    Stage("warehouse", write_off_broken),
)
"""The stages of each day, in this order: a stage may depend on the answers to an earlier one."""
