"""Drafts, reservations and queued orders of the demo: offers that the sales desk prepares, baskets
that hold their goods for a while, and orders of more than there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from oms_commands.drafts._fields import DraftLineFields
from oms_commands.drafts.create import CreateDraft
from oms_commands.orders._fields import CustomerFields, LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_commands.reservations._fields import ReservationLineFields
from oms_commands.reservations.create import CreateReservation
from oms_ledger.demo.shop import GOODS
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState
from oms_ledger.domain.identifiers import order_id_for

OFFER_AT = timedelta(hours=10)
OFFER_UNITS = 24
QUEUE_UNITS = 50_000
BASKET_SECONDS = 900
QUEUE_DELAY = timedelta(days=8)
"""From the reception of a queued order until it is rejected: one always waits, since one comes
every week."""


def prepare_offers(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Every Wednesday an offer to a company that has not decided yet."""
    if day.opens.strftime("%a") != "Wed":
        return
    good, at = GOODS[day.opens.toordinal() // 7 % len(GOODS)], day.opens + OFFER_AT
    line = DraftLineFields(good.sku, OFFER_UNITS, Decimal(good.price).scaleb(-2), title=good.title)
    command = CreateDraft(
        channel="phone",
        currency="GBP",
        lines=(line,),
        customer=CustomerFields(id=f"company-{day.opens:%m%d}"),
    )
    yield ScheduledCommand(at, f"draft:{day.opens:%Y-%m-%d}", command)


def reserve_baskets(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Every Wednesday a basket whose buyer has gone to pay, and does not come back."""
    if day.opens.strftime("%a") != "Wed":
        return
    good = GOODS[day.opens.toordinal() // 7 % len(GOODS)]
    name = f"basket-{day.opens:%Y-%m-%d}"
    line = ReservationLineFields(good.sku, 1)
    basket = CreateReservation((line,), BASKET_SECONDS, reference=name, channel="web")
    yield ScheduledCommand(day.opens + OFFER_AT, name, basket)


def queue_orders(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Every Wednesday a wholesaler's order of more than there is: received, and rejected later."""
    received, rejected = day.opens + OFFER_AT, day.opens - QUEUE_DELAY + OFFER_AT
    good = GOODS[0]
    if received.strftime("%a") == "Wed":
        name = f"bulk-{received:%Y-%m-%d}"
        line = LineFields(good.sku, QUEUE_UNITS, Decimal(good.price).scaleb(-2), title=good.title)
        place = PlaceOrder(
            channel="phone", currency="GBP", lines=(line,), external_id=name, intake="queued"
        )
        state.queued.append(name)
        yield ScheduledCommand(received, name, place)
    name = f"bulk-{rejected:%Y-%m-%d}"
    if name in state.queued:
        reject = PlaceReceivedOrder(order_id_for("phone", name, name))
        yield ScheduledCommand(day.opens + OFFER_AT, f"{name}:place", reject)
