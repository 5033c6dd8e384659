"""Places that hold stock. The lower the priority number, the sooner a place is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class Site:
    """Where a place is. A place of business, so nothing personal."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class LocationDefined(Event):
    type: ClassVar[str] = "location.defined.v1"
    code: str
    name: str
    kind: str
    site: Site
    priority: int
    daily_capacity: int | None


@dataclass(slots=True)
class Location(State):
    category: ClassVar[str] = "location"
    wholly_known: ClassVar[bool] = True
    version: int = 0
    defined: LocationDefined | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, LocationDefined):
            raise TypeError(f"{event.type} does not belong to a location")
        self.defined = event
