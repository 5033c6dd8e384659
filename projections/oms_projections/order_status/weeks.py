"""The weeks in which there were orders with some value, by which lists know where to begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Page
from oms_projections.order_status.document import OrderDocument
from oms_projections.order_status.rows import OrderWeekRow

ARCHIVED = "archived"
"""The facet of archived orders."""

WEEK_SECONDS = 7 * 24 * 3600


class WeeklyValues(NamedTuple):
    """What the rows of weeks are made of; where it stays the same, there are no new ones. `updated`
    is a week."""

    updated: int
    terms: OrderTerms
    locations: Sequence[str]
    tags: Sequence[str]
    archived: bool

    @staticmethod
    def of(document: OrderDocument) -> WeeklyValues:
        order = document.order
        return WeeklyValues(
            week_of(document.updated_at or order.first_event.placed_at),
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
    """Note the weeks of an order, whose values were others `before` the event."""
    values = WeeklyValues.of(document)
    if values == before:
        return
    placed = week_of(document.order.first_event.placed_at)
    for facet in values.facets:
        page.put(OrderWeekRow(facet, "placed", placed))
        page.put(OrderWeekRow(facet, "updated", values.updated))


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
