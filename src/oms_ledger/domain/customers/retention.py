"""How long personal data is kept: periods by kind of data and country. Without one nothing is
forgotten by itself."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Event, State

KINDS: dict[str, str] = {
    "customers": "personal data in the orders of customers with an id",
    "guests": "personal data in the orders of everybody else",
    "access_log": "the record of who was shown whose personal data",
    "receipts": "answers that are kept under an idempotency key",
}

OF_PERSONS = ("customers", "guests")
"""The kinds that may differ by country."""

SHORTEST: dict[str, str] = {"access_log": "90d", "receipts": "1d"}
"""So long at least: a record of accesses that is gone at once is none, and a request must be safe
to send again for a day."""

SETTLED_ORDERS = ("cancelled", "expired", "rejected", "fulfilled", "completed")
SETTLED_PAYMENTS = ("none", "paid", "partially_refunded", "refunded", "voided", "failed")
SETTLED_RETURNS = ("none", "partially_returned", "returned")
"""Customers with an order in another status on any of these axes are not erased by a period."""

DAYS = {"d": 1, "m": 28, "y": 365}


@dataclass(frozen=True, slots=True)
class Period:
    """So many days, months or years of the calendar: `90d`, `18m`, `10y`."""

    count: int
    unit: str

    @staticmethod
    def of(text: str) -> Period:
        """`ValueError` where the text is no period."""
        match = re.fullmatch(r"([1-9][0-9]{0,4})([dmy])", text)
        if match is None or int(match[1]) * DAYS[match[2]] > 200 * 365:
            raise ValueError("write a period as 90d, 18m or 10y, of at most 200 years")
        return Period(int(match[1]), match[2])

    def before(self, now: datetime) -> datetime:
        """When it began, if it is over now. A day that the month does not have is its last; a
        year before the calendar's first is its first moment."""
        try:
            if self.unit == "d":
                return now - timedelta(days=self.count)
            months = self.count * (12 if self.unit == "y" else 1)
            year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
            day = min(now.day, monthrange(year, month + 1)[1])
            return now.replace(year=year, month=month + 1, day=day)
        except (ValueError, OverflowError):
            return datetime.min.replace(tzinfo=now.tzinfo)

    def shorter_than(self, other: Period) -> bool:
        """Whether it is, at least sometimes."""
        return self.count * DAYS[self.unit] < other.count * DAYS[other.unit]


class RetentionSet(Event, frozen=True):
    """From here on data of this kind is kept for so long; for ever where `keep` is None. With a
    country, that of orders which go there. `reference` is the law or contract that requires it."""

    type: ClassVar[str] = "retention.set.v1"
    category: ClassVar[str] = "retention"
    kind: Harmless
    country: Harmless | None
    keep: str | None
    reference: str | None = None

    @property
    def key(self) -> str:
        return POLICY


@dataclass(slots=True)
class Retention(State):
    """The periods in force, by `kind` or `kind/country`. All of them are one stream."""

    category: ClassVar[str] = "retention"
    version: int = 0
    periods: dict[str, str] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        if not isinstance(event, RetentionSet):
            raise TypeError(f"{event.type} does not belong to retention")
        place = place_of(event.kind, event.country)
        if event.keep is None:
            self.periods.pop(place, None)
        else:
            self.periods[place] = event.keep

    def applying(self, kind: str, country: str | None) -> tuple[str | None, str] | None:
        """The period for data of a kind and country: of which country it is (None: of all that
        have none of their own), and how long. None where it is kept for ever."""
        own = self.periods.get(place_of(kind, country)) if country is not None else None
        if own is not None:
            return country, own
        of_all = self.periods.get(kind)
        return None if of_all is None else (None, of_all)


POLICY = "policy"
"""The key of the one stream of periods."""


def place_of(kind: str, country: str | None) -> str:
    return kind if country is None else f"{kind}/{country}"
