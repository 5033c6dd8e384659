"""Money and returns of the demo: most orders are paid, some late or not at all, some are edited
after they were paid, and some goods come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.orders._fields import SetShipping, ShippingFields
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.expire import ExpireOrder
from oms_commands.payments.record import RecordPayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.refund_credit import RefundCredit
from oms_commands.payments.request import RequestPayment
from oms_commands.returns._fields import ReceivedLineFields, ReplacementLine, ReturnedLine
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.request import RequestReturn
from oms_ledger.demo.shop import GOODS, Story
from oms_ledger.demo.shop_state import Day, PackedParcel, ScheduledCommand, ShopState
from oms_ledger.kernel import Command

PRICES = {good.sku: Decimal(good.price).scaleb(-2) for good in GOODS}
POSTAGE = {"standard": Decimal("3.95"), "express": Decimal("7.95")}
UNPAID_EVERY = 12
"""One of so many confirmed orders is sent on account, and not paid yet."""

EDITED_EVERY = 19
"""One of so many orders is to be sent by express after it was paid: the difference is due."""

EDIT_DELAY = timedelta(minutes=30)
CREDIT_DELAY = timedelta(days=6)
"""From confirming an order until what was cancelled of it is refunded."""

OWN_CHANNEL = "web"
LATE_EVERY = 16
"""One of so many buyers gets something back because the parcel came late."""

RETURNED_EVERY = 11
"""One of so many orders that arrived is to be returned; every second such return is approved."""

EXCHANGED_EVERY = 3
"""One of so many of these returns is an exchange for `INSTEAD`, of which Leeds has plenty."""

INSTEAD, INSTEAD_FROM = "SOAP-NETTLE", "LEEDS"

RECEIVED_EVERY = 4
"""One of so many of these returns has come back."""

REQUEST_DELAY = timedelta(days=5)
RECEIPT_DELAY = timedelta(days=3)
REPLACEMENT_DELAYS = {"pack": timedelta(hours=20), "dispatch": timedelta(hours=26)}
"""From the request of an exchange."""

EXPIRED_EVERY = 4
"""One of so many cancelled orders was not paid in time."""


def is_unpaid(story: Story) -> bool:
    """Whether the order expires instead of being cancelled by a person."""
    return story.fate == "cancelled" and story.number % EXPIRED_EVERY == 0


def expire(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Orders that were not paid by the time at which they would have been confirmed."""
    for story in state.placed_stories():
        if is_unpaid(story) and day.has(story.confirmed_at):
            command = ExpireOrder(order_id=state.order_id(story))
            yield ScheduledCommand(
                story.confirmed_at, f"{story.external_id}:expire", command, story
            )


def pay(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """What the shop takes itself, and what the marketplace has taken."""
    for story in state.placed_stories():
        unpaid = story.fate in ("cancelled", "unconfirmed") or not story.number % UNPAID_EVERY
        if unpaid or not day.has(story.confirmed_at):
            continue
        order_id = state.order_id(story)
        amount = sum(Decimal(good.price).scaleb(-2) * units for good, units in story.lines)
        amount += POSTAGE["express" if story.express else "standard"]
        command: Command = RecordPayment(order_id, "marketplace", story.external_id, amount)
        if story.channel == OWN_CHANNEL:
            command = RequestPayment(order_id, "manual", amount, capture="automatic")
        yield ScheduledCommand(story.confirmed_at, f"{story.external_id}:pay", command, story)


def edit(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Orders that are in a hurry after all."""
    for story in state.placed_stories():
        at = story.confirmed_at + EDIT_DELAY
        hurried = story.fate == "usual" and not story.express and not story.number % EDITED_EVERY
        if hurried and day.has(at):
            express = SetShipping("set_shipping", ShippingFields("express", POSTAGE["express"]))
            command = EditOrder(state.order_id(story), (express,), "Needs it by Friday")
            yield ScheduledCommand(at, f"{story.external_id}:edit", command, story)


def refund_cancelled(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """What was paid for units that were cancelled, but for the newest, which still wait."""
    for story in state.placed_stories():
        at = story.confirmed_at + CREDIT_DELAY
        paid = story.number in state.payments and story.channel == OWN_CHANNEL
        if story.fate == "partly_cancelled" and paid and day.has(at):
            command = RefundCredit(state.order_id(story), "Part of the order was cancelled")
            yield ScheduledCommand(at, f"{story.external_id}:refund-credit", command)


def refund_parts(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """The postage of parcels that came late, to buyers who have paid."""
    for parcel in state.parcels:
        story = parcel.story
        payment_id = state.payments.get(story.number, "")
        late = story.fate == "exception" or story.number % LATE_EVERY == 0
        refundable = bool(payment_id) and story.channel == OWN_CHANNEL
        if refundable and late and parcel.ordinal == 1 and day.has(parcel.delivered_at):
            command = RefundPayment(
                order_id=state.order_id(story),
                payment_id=payment_id,
                reason="The parcel came late",
                shipping=POSTAGE["standard"],
            )
            yield ScheduledCommand(parcel.delivered_at, f"{story.external_id}:refund", command)


def request_returns(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Requests of buyers to return, or exchange, one unit of what arrived."""
    for parcel in state.parcels:
        at, story = parcel.delivered_at + REQUEST_DELAY, parcel.story
        if not _is_returned(parcel) or not day.has(at):
            continue
        unit = ReturnedLine(line_id=parcel.lines[0].line_id, quantity=1, reason="Not as expected")
        command = RequestReturn(
            order_id=state.order_id(story),
            lines=(unit,),
            approve=story.number % 2 == 0,
            refund_automatically=True,
        )
        if _is_exchanged(parcel):
            line = ReplacementLine(sku=INSTEAD, quantity=1, unit_price=PRICES[INSTEAD])
            command = replace(
                command, kind="exchange", replacement_lines=(line,), ship_replacement="now"
            )
        yield ScheduledCommand(at, f"{parcel.key}:request-return", command, story)


def pack_replacements(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """What buyers get instead is packed, without waiting for what they send back."""
    for at, story, order_id in _replacements(state, "pack"):
        if day.has(at):
            command = CreateShipment(order_id=order_id, location=INSTEAD_FROM)
            yield ScheduledCommand(at, f"{story.external_id}:pack-replacement", command, story)


def dispatch_replacements(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for at, story, _ in _replacements(state, "dispatch"):
        shipment_id = state.replacement_parcels.get(story.number)
        if shipment_id and day.has(at):
            command = DispatchShipment(shipment_id=shipment_id)
            yield ScheduledCommand(at, f"{story.external_id}:send-replacement", command)


def _replacements(state: ShopState, step: str) -> Iterator[tuple[datetime, Story, str]]:
    """The time of a step, the story and the order that replaces goods of it."""
    for parcel in state.parcels:
        order_id = state.replacements.get(parcel.story.number)
        if order_id and _is_returned(parcel):
            at = parcel.delivered_at + REQUEST_DELAY + REPLACEMENT_DELAYS[step]
            yield at, parcel.story, order_id


def receive_returns(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Approved returns come back to where the parcel left from."""
    for parcel in state.parcels:
        at, story = parcel.delivered_at + REQUEST_DELAY + RECEIPT_DELAY, parcel.story
        return_id = state.returns.get(story.number)
        awaited = _is_returned(parcel) and not story.number % RECEIVED_EVERY
        if not return_id or not awaited or not day.has(at):
            continue
        line = ReceivedLineFields(
            line_id=parcel.lines[0].line_id,
            quantity=1,
            condition="resellable",
            location=parcel.location,
        )
        command = ReceiveReturn(return_id=return_id, lines=(line,))
        yield ScheduledCommand(at, f"{parcel.key}:receive-return", command)


def _is_returned(parcel: PackedParcel) -> bool:
    story = parcel.story
    return parcel.ordinal == 1 and story.fate != "returned" and not story.number % RETURNED_EVERY


def _is_exchanged(parcel: PackedParcel) -> bool:
    return not parcel.story.number // RETURNED_EVERY % EXCHANGED_EVERY
