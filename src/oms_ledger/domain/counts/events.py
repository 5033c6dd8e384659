"""Events of a count's stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, Sku
from oms_ledger.kernel import Event


class CountStreamEvent(Event):
    """An event of a count's stream."""

    __slots__ = ()
    category: ClassVar[str] = "count"
    count_id: Harmless

    @property
    def key(self) -> str:
        return self.count_id


@dataclass(frozen=True, slots=True)
class CountedLine:
    """Units of a SKU that were counted, and those that were on hand in the ledger at that
    moment. What is shipped or received between counting and approval changes neither."""

    sku: Sku
    counted: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class Variance:
    """`change` units of a SKU more than were recorded, or below 0 fewer."""

    sku: Sku
    change: int


@dataclass(frozen=True, slots=True)
class CountItem:
    """A SKU that is to be counted."""

    sku: Sku


@dataclass(frozen=True, slots=True)
class CountCreated(CountStreamEvent):
    """A location is to be counted: these items, or where there are none, whatever is counted."""

    type: ClassVar[str] = "count.created.v1"
    count_id: Harmless
    location: Harmless
    items: tuple[CountItem, ...] = ()
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CountRecorded(CountStreamEvent):
    """SKUs were counted. One that was counted before was counted anew."""

    type: ClassVar[str] = "count.recorded.v1"
    count_id: Harmless
    lines: tuple[CountedLine, ...]


@dataclass(frozen=True, slots=True)
class CountApproved(CountStreamEvent):
    """The variances were booked."""

    type: ClassVar[str] = "count.approved.v1"
    count_id: Harmless
    variances: tuple[Variance, ...] = ()


@dataclass(frozen=True, slots=True)
class CountCancelled(CountStreamEvent):
    """The count was given up, and nothing is booked."""

    type: ClassVar[str] = "count.cancelled.v1"
    count_id: Harmless
    reason: str | None = None


CountEvent: TypeAlias = CountCreated | CountRecorded | CountApproved | CountCancelled
COUNT_EVENTS: tuple[type[CountEvent], ...] = get_args(CountEvent)
