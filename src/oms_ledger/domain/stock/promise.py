"""How many units of a SKU can be promised now, and from which day how many more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from oms_ledger.domain.stock.rules import (
    StockOfSkus,
    available_units,
    backordered_units,
    of_channel,
    parts_of,
    sellable_units,
    stock_by_location,
    stock_skus,
    units_promisable,
)
from oms_ledger.kernel import Given, Json


@dataclass(frozen=True, slots=True)
class ExpectedUnits:
    """Units of a SKU that are expected at a location on a day (YYYY-MM-DD)."""

    day: str
    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Promise:
    """`dates` are days on which more can be promised than before, each with all that can be
    promised by then."""

    available_now: int
    dates: tuple[tuple[str, int], ...]


def promise_of(
    sku: str,
    channel: str,
    expected: Iterable[ExpectedUnits],
    given: Given,
    quantity: int | None = None,
) -> Promise:
    """What a channel can promise of a SKU; of a kit, whole kits at one location. What is expected
    goes to the orders that wait first. With `quantity`, days up to that on which there is so
    much."""
    parts = parts_of(sku, given)
    stock = stock_by_location(given, stock_skus(sku, given))
    available = sellable_units(given, stock, channel)
    lacking = _units_lacking(stock, given)
    units = now = units_promisable(parts, available)
    dates: list[tuple[str, int]] = []
    for day, coming in _by_day(expected, channel, given).items():
        if quantity is not None and units >= quantity:
            break
        for each in coming:
            waits = min(each.quantity, lacking.get(each.sku, 0))
            lacking[each.sku] = lacking.get(each.sku, 0) - waits
            places = available.setdefault(each.sku, {})
            there = max(0, places.get(each.location, 0))
            places[each.location] = there + each.quantity - waits
        by_then = units_promisable(parts, available)
        if by_then > units:
            dates.append((day, by_then))
        units = by_then
    return Promise(now, tuple(dates))


def _units_lacking(stock: StockOfSkus, given: Given) -> dict[str, int]:
    """By SKU the units that orders wait for beyond what is at hand."""
    at_hand = available_units(given, stock)
    return {
        sku: max(0, backordered_units(of_sku) - sum(max(0, n) for n in at_hand[sku].values()))
        for sku, of_sku in stock.items()
    }


def _by_day(
    expected: Iterable[ExpectedUnits], channel: str, given: Given
) -> Mapping[str, list[ExpectedUnits]]:
    """What is expected at the locations whose stock a channel sells, by day in order."""
    days: dict[str, list[ExpectedUnits]] = {}
    for each in sorted(expected, key=lambda each: each.day):
        if of_channel({"": {each.location: 0}}, channel, given)[""]:
            days.setdefault(each.day, []).append(each)
    return days


def promise_view(sku: str, promise: Promise) -> dict[str, Json]:
    return {
        "sku": sku,
        "available_now": promise.available_now,
        "dates": [{"date": day, "quantity": units} for day, units in promise.dates],
    }
