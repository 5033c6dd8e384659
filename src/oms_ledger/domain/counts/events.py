"""Events of a count's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, Sku
from oms_ledger.kernel import Event, Record


class CountStreamEvent(Event, frozen=True):
    """An event of a count's stream."""

    category: ClassVar[str] = "count"
    count_id: Harmless

    @property
    def key(self) -> str:
        return self.count_id


class CountedLine(Record, frozen=True):
    """Units of a SKU that were counted, and those that were on hand in the ledger at that
    moment. What is shipped or received between counting and approval changes neither."""

    sku: Sku
    counted: int
    on_hand: int


class Variance(Record, frozen=True):
    """`change` units of a SKU more than were recorded, or below 0 fewer."""

    sku: Sku
    change: int


class CountItem(Record, frozen=True):
    """A SKU that is to be counted."""

    sku: Sku


class CountCreated(CountStreamEvent, frozen=True):
    """A location is to be counted: these items, or where there are none, whatever is counted."""

    type: ClassVar[str] = "count.created.v1"
    count_id: Harmless
    location: Harmless
    items: tuple[CountItem, ...] = ()
    reference: str | None = None


class CountRecorded(CountStreamEvent, frozen=True):
    """SKUs were counted. One that was counted before was counted anew."""

    type: ClassVar[str] = "count.recorded.v1"
    count_id: Harmless
    lines: tuple[CountedLine, ...]


class CountApproved(CountStreamEvent, frozen=True):
    """The variances were booked."""

    type: ClassVar[str] = "count.approved.v1"
    count_id: Harmless
    variances: tuple[Variance, ...] = ()


class CountCancelled(CountStreamEvent, frozen=True):
    """The count was given up, and nothing is booked."""

    type: ClassVar[str] = "count.cancelled.v1"
    count_id: Harmless
    reason: str | None = None


CountEvent: TypeAlias = CountCreated | CountRecorded | CountApproved | CountCancelled
COUNT_EVENTS: tuple[type[CountEvent], ...] = get_args(CountEvent)
