"""A day in the shop as commands, stage by stage: what everybody can ask of the ledger, nothing
else. What has happened so far (which order, allocated where) is in the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
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
from oms_ledger.demo.shop import GOODS, Good, Story
from oms_ledger.demo.shop_state import Day, PackedParcel, ScheduledCommand, ShopState, lines_of
from oms_ledger.domain.personal import Personal

CURRENCY = "GBP"
POSTAGE = {"standard": Decimal("3.95"), "express": Decimal("7.95")}
NEVER_CONFIRMED = ("cancelled", "unconfirmed")
NEVER_PACKED = ("cancelled", "unconfirmed", "held", "overdue")
HELD = ("held", "checked")
HOLD_REASONS = ("address looks incomplete", "payment under review", "customer asked to wait")
BY_VAN = "YORK"
"""The shop brings its own parcels: nobody scans them."""

ROUND = timedelta(hours=10)
"""A driver's day, at most."""
A_MOMENT = timedelta(minutes=1)
HOLD_LASTS = timedelta(minutes=50)
REST_AFTER = timedelta(days=3)
"""From a first parcel until the rest of the order is packed."""
RETURN_AFTER = timedelta(days=4)

CancelReason = Literal["customer", "fraud", "declined"]
CANCEL_REASONS: tuple[CancelReason, ...] = ("customer", "customer", "declined", "fraud")
TROUBLES: tuple[tuple[ScanCode, str], ...] = (
    ("attempted_delivery", "Nobody at home, card left"),
    ("delayed", "Vehicle breakdown"),
    ("exception", "Label unreadable, relabelled"),
)
PRICES = {good.sku: Decimal(good.price).scaleb(-2) for good in GOODS}


class Stage(NamedTuple):
    """What `actor` asks for on a day."""

    actor: str
    asks: Callable[[ShopState, Day], Iterator[ScheduledCommand]]


def receive(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for at, delivery in books.deliveries:
        if day.has(at):
            receipt = ReceiveStock(
                sku=delivery.sku,
                location=delivery.place,
                quantity=delivery.quantity,
                reference=f"supplier delivery, {delivery.quantity} x {delivery.sku}",
            )
            yield ScheduledCommand(at, f"delivery:{delivery.sku}", receipt)


def allocate(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Who waited longest is served first, as long as there is something of the delivery."""
    for at, delivery in books.deliveries:
        left = delivery.quantity if day.has(at) else 0
        for story in books.known():
            waiting = books.waiting(story).get(delivery.sku, 0)
            if left > 0 and waiting:
                left -= waiting
                command = AllocateBackorders(order_id=books.order_id(story))
                yield ScheduledCommand(
                    at, f"{story.external_id}:allocate:{delivery.sku}", command, story
                )


def place(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for story in books.stories:
        if day.has(story.placed_at):
            yield ScheduledCommand(
                story.placed_at, f"{story.external_id}:place", order_of(story), story
            )


def order_of(story: Story) -> PlaceOrder:
    person = story.person
    service = "express" if story.express else "standard"
    return PlaceOrder(
        channel=story.channel,
        external_id=story.external_id,
        currency=CURRENCY,
        placed_at=story.placed_at,
        customer=CustomerFields(
            id=person.id, name=Personal(person.name), email=Personal(person.email)
        ),
        shipping_address=AddressFields(
            name=Personal(person.name),
            line1=Personal(person.street),
            city=person.city,
            postal_code=Personal(person.postal_code),
            country="GB",
        ),
        lines=tuple(_line(good, units) for good, units in story.lines),
        shipping=ShippingFields(service=service, price=POSTAGE[service]),
        backorder="allow",
    )


def _line(good: Good, units: int) -> LineFields:
    return LineFields(sku=good.sku, quantity=units, unit_price=PRICES[good.sku], title=good.title)


def decide(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Confirm, hold or cancel what was ordered."""
    for story in books.known():
        order_id, at = books.order_id(story), story.confirmed_at
        if not day.has(at):
            continue
        if story.fate == "cancelled":
            reason = CANCEL_REASONS[story.number % len(CANCEL_REASONS)]
            command = CancelOrder(order_id=order_id, reason=reason)
            yield ScheduledCommand(at, f"{story.external_id}:cancel", command, story)
        if story.fate not in NEVER_CONFIRMED:
            confirm = ConfirmOrder(order_id=order_id)
            yield ScheduledCommand(at, f"{story.external_id}:confirm", confirm, story)
        if story.fate in HELD:
            hold = HoldOrder(
                order_id=order_id, reason=HOLD_REASONS[story.number % len(HOLD_REASONS)]
            )
            yield ScheduledCommand(at + A_MOMENT, f"{story.external_id}:hold", hold, story)


def reconsider(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Release what was checked, and cancel single units, before anything is packed."""
    for story in books.known():
        order_id, at = books.order_id(story), story.confirmed_at + HOLD_LASTS
        if not day.has(at):
            continue
        if story.fate == "checked":
            release = ReleaseHold(order_id=order_id, hold_id=books.holds[story.number])
            yield ScheduledCommand(at, f"{story.external_id}:release", release, story)
        if story.fate == "partly_cancelled":
            last = lines_of(books.orders[story.number])[-1]
            fewer = CancelOrder(
                order_id=order_id,
                reason="customer",
                note="Changed their mind about one",
                lines=(CancelledLine(line_id=str(last["line_id"]), quantity=1),),
            )
            yield ScheduledCommand(at, f"{story.external_id}:fewer", fewer, story)


def pack(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """One parcel for each place that has units of an order; of a partial one first a few."""
    for story in books.known():
        if story.fate in NEVER_PACKED:
            continue
        ordinal = len(books.parcels_of(story))
        for location, units in books.packable[story.number].items():
            at = books.packing_at(story, location)
            first = story.fate == "partial" and not ordinal
            if story.fate == "partial" and ordinal:
                at += REST_AFTER
            if units and day.has(at):
                ordinal += 1
                key = f"{story.external_id}:{ordinal}:pack"
                command = _shipment(books.order_id(story), location, units, partly=first)
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


def unpack(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """A box was damaged: its shipment is cancelled, and another one made."""
    for parcel in books.parcels:
        if parcel.repacked and day.has(parcel.packed_at):
            command = CancelShipment(shipment_id=parcel.shipment_id)
            yield ScheduledCommand(parcel.packed_at, f"{parcel.key}:unpack", command, parcel.story)


def send(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Label parcels, and hand them to the carrier."""
    for parcel in books.parcels:
        if parcel.repacked:
            continue
        if day.has(parcel.labelled_at):
            label = LabelShipment(
                shipment_id=parcel.shipment_id, tracking_number=parcel.tracking_number
            )
            yield ScheduledCommand(parcel.labelled_at, f"{parcel.key}:label", label)
        if day.has(parcel.shipped_at):
            dispatch = DispatchShipment(
                shipment_id=parcel.shipment_id, occurred_at=parcel.shipped_at
            )
            yield ScheduledCommand(parcel.shipped_at, f"{parcel.key}:dispatch", dispatch)


def carry(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Scan parcels on their way, and deliver them."""
    for parcel in books.parcels:
        if parcel.repacked:
            continue
        for at, code, place_, words in _scans(parcel):
            if day.has(at):
                scan = RecordTrackingEvent(
                    shipment_id=parcel.shipment_id,
                    code=code,
                    occurred_at=at,
                    location=place_,
                    raw=words,
                )
                yield ScheduledCommand(at, f"{parcel.key}:{code}", scan)
        if parcel.location == BY_VAN and day.has(parcel.delivered_at):
            deliver = DeliverShipment(
                shipment_id=parcel.shipment_id, occurred_at=parcel.delivered_at
            )
            yield ScheduledCommand(parcel.delivered_at, f"{parcel.key}:deliver", deliver)


def _scans(parcel: PackedParcel) -> Iterator[tuple[datetime, ScanCode, str, str]]:
    """When, what, where, and the carrier's words; nothing happens out of order."""
    if parcel.location == BY_VAN:
        return
    start, end, town = parcel.shipped_at, parcel.delivered_at, parcel.story.person.city
    way = end - start
    yield start + way * 0.2, "in_transit", parcel.location.title(), "Sorted at hub"
    if parcel.story.fate == "exception":
        code, words = TROUBLES[parcel.story.number % len(TROUBLES)]
        yield start + way * 0.45, code, town, words
    yield end - min(way * 0.4, ROUND), "out_for_delivery", town, "With the driver"
    yield end, "delivered", town, "Handed over"


def take_back(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Returns go onto the shelf they came from: every other one whole, the others one unit."""
    for parcel in books.parcels:
        at, story = parcel.delivered_at + RETURN_AFTER, parcel.story
        if story.fate != "returned" or not day.has(at):
            continue
        whole = story.number % 2 == 0
        for line in parcel.lines if whole else parcel.lines[:1]:
            command = ReturnStock(
                sku=line.sku,
                location=parcel.location,
                quantity=line.quantity if whole else 1,
                reference=f"return of {story.external_id}",
                customer_id=story.person.id,
                order_id=books.order_id(story),
                line_id=line.line_id,
                occurred_at=at,
            )
            yield ScheduledCommand(at, f"{parcel.key}:return:{line.line_id}", command)


BROKEN = ("MUG-SPECK", "TEAPOT-2", "JAR-CORK", "CANDLE-FIG")
BROKEN_AT = timedelta(hours=17)


def tidy(books: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """On Fridays something has been broken in Leeds."""
    if day.opens.strftime("%a") == "Fri":
        sku = BROKEN[day.opens.toordinal() // 7 % len(BROKEN)]
        at = day.opens + BROKEN_AT
        command = AdjustStock(sku=sku, location="LEEDS", change=-1, reason="broken", occurred_at=at)
        yield ScheduledCommand(at, f"broken:{day.opens:%Y-%m-%d}", command)


STAGES = (
    Stage("warehouse", receive),
    Stage("sales desk", allocate),
    Stage("storefront", place),
    Stage("sales desk", decide),
    Stage("sales desk", reconsider),
    Stage("warehouse", pack),
    Stage("warehouse", unpack),
    Stage("warehouse", pack),
    Stage("warehouse", send),
    Stage("carrier", carry),
    Stage("warehouse", take_back),
    Stage("warehouse", tidy),
)
"""What happens on each day, in this order: a stage may need what an earlier one has led to."""
