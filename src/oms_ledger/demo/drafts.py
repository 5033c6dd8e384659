"""Drafts of the demo: offers that the sales desk prepares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from oms_commands.drafts._fields import DraftLineFields
from oms_commands.drafts.create import CreateDraft
from oms_commands.orders._fields import CustomerFields
from oms_ledger.demo.shop import GOODS
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState

OFFER_AT = timedelta(hours=10)
OFFER_UNITS = 24


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
