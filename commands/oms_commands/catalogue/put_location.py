"""Defining a location, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Code, Count, Text
from oms_commands.catalogue._fields import SiteFields
from oms_ledger.domain.catalogue.answers import LocationDefinedAnswer
from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.json_values import plain
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutLocation(Command):
    """Define a location that holds stock. Locations with a lower `priority` are allocated first.

    `address` is an object, or one line of text. A new code that differs from another only in case
    is refused.
    """

    name: ClassVar[str] = "PutLocation"
    route: ClassVar[Route] = Route("PUT", "/v1/locations/{code}")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = LocationDefinedAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "name": "London",
        "type": "warehouse",
        "address": {"line1": "1 Dock Road", "city": "London", "country": "GB"},
        "priority": 1,
        "daily_capacity": 500,
    }

    code: Code
    name_: Annotated[
        str, Field(alias="name", min_length=1, max_length=200, pattern=PRINTABLE), COMPOSED
    ]
    type: Literal["warehouse", "store", "3pl"] = "warehouse"
    address: SiteFields | Text | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 100
    daily_capacity: Count | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Location, self.code)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = LocationDefined(
            self.code, self.name_, self.type, self._site(), self.priority, self.daily_capacity
        )
        defined = given.state(Location, self.code).defined
        if event == defined:
            return ()
        if defined is None:
            self._refuse_twin(given)
        return [Change(event)]

    def _refuse_twin(self, given: Given) -> None:
        """`Refused` where a location has the same code but for its case."""
        for place in given.all(Location):
            twin = place.defined
            if twin is not None and twin.code.lower() == self.code.lower():
                raise Refused(
                    f"There is a location {twin.code} already, and codes of locations differ in"
                    f" more than case. Use {twin.code}, or another code.",
                    code="code_taken",
                    errors=[{"field": "code", "location": twin.code}],
                )

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {
            "code": self.code,
            "name": self.name_,
            "type": self.type,
            "address": plain(self._site()),
            "priority": self.priority,
            "daily_capacity": self.daily_capacity,
            "version": given.state(Location, self.code).version,
        }

    def _site(self) -> Site:
        place = self.address
        if place is None:
            return Site()
        if isinstance(place, str):
            return Site(line1=place)
        return Site(
            place.line1, place.line2, place.city, place.region, place.postal_code, place.country
        )
