"""The weeks and the numbers of orders with some value, by which lists know where to begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from oms_ledger.domain.catalogue.state import first_number_of
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Page
from oms_projections.order_status.document import OrderDocument
from oms_projections.order_status.rows import NumberBeginningRow, OrderWeekRow

ARCHIVED = "archived"
"""The facet of archived orders."""

NUMBERS = "numbers"
"""The facet under which beginnings of numbers are kept, whatever the order."""

WEEK_SECONDS = 7 * 24 * 3600

COUNTED_DIGITS = 4
"""Digits at the end of a number that its beginning lacks, so that 10,000 numbers share one."""


class WeeklyValues(NamedTuple):
    """What the rows of weeks are made of; where it stays the same, there are no new ones. `updated`
    and `delivered` are weeks."""

    updated: int
    delivered: int | None
    terms: OrderTerms
    locations: Sequence[str]
    tags: Sequence[str]
    archived: bool

    @staticmethod
    def of(document: OrderDocument) -> WeeklyValues:
        order, delivered_at = document.order, document.delivered_at
        return WeeklyValues(
            week_of(document.updated_at or order.first_event.placed_at),
            week_of(delivered_at) if delivered_at else None,
            order.terms,
            document.locations,
            tuple(order.labels.tags),
            order.labels.archived,
        )

    @property
    def facets(self) -> list[str]:
        address = self.terms.shipping_address
        return [
            *facets_of_places(
                self.terms.channel, self.locations, address.country if address else None
            ),
            *(f"tag:{tag}" for tag in self.tags),
            *((ARCHIVED,) if self.archived else ()),
        ]


def put_weeks(page: Page, document: OrderDocument, before: WeeklyValues | None) -> None:
    """Note the weeks of an order and the beginning of its number. Its values were others `before`
    the event; None: it is new."""
    values = WeeklyValues.of(document)
    if values == before:
        return
    first = document.order.first_event
    facets = values.facets
    for week in weeks_of(facets, week_of(first.placed_at), values.updated, values.delivered):
        page.put(week)
    if before is None or before[2:] != values[2:]:
        for row in beginnings_of(first.number, first.terms.channel, facets):
            page.put(row)


def weeks_of(
    facets: Iterable[str], placed: int, updated: int, delivered: int | None
) -> Iterator[OrderWeekRow]:
    """The rows for the weeks of an order with these facets."""
    for facet in facets:
        yield OrderWeekRow(facet, "placed", placed)
        yield OrderWeekRow(facet, "updated", updated)
    if delivered is not None:
        yield OrderWeekRow(delivered_facet(delivered), "placed", placed)


def beginnings_of(number: str, channel: str, facets: Iterable[str]) -> list[NumberBeginningRow]:
    """The rows for the number of an order with these facets."""
    own = first_number_of(channel)
    digits = number[len(own) :]
    if number.startswith(own) and digits.isascii() and digits.isdecimal():
        beginning = own + digits[:-COUNTED_DIGITS]
    else:
        own, beginning = "", number[:1]
    rows = [NumberBeginningRow(facet, beginning) for facet in facets]
    return [NumberBeginningRow(NUMBERS, own), *rows]


def delivered_facet(week: int) -> str:
    """The facet of orders that were delivered in a week. These sort as the weeks do."""
    begin = datetime.fromtimestamp(week * WEEK_SECONDS, UTC)
    return f"delivered:{begin:%Y-%m-%d}"


def week_of(at: datetime) -> int:
    """The number of a week, counted from 1970."""
    return int(at.timestamp() // WEEK_SECONDS)


def facets_of_places(channel: str, locations: Iterable[str], country: str | None) -> list[str]:
    """A channel is one whatever the case of its name."""
    return [
        f"channel:{channel_key(channel)}",
        *(f"location:{location}" for location in locations),
        *((f"country:{country}",) if country else ()),
    ]
