"""Setting how long one kind of data is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Country, Text
from oms_ledger.domain.customers.answers import PeriodAnswer
from oms_ledger.domain.customers.retention import (
    OF_PERSONS,
    POLICY,
    SHORTEST,
    Period,
    Retention,
    RetentionSet,
)
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class SetRetention(Command):
    """Set how long one kind of data is kept, everywhere or for orders to one country.

    `keep` is 90d, 18m or 10y, counted from the last thing that happened in a person's orders; null
    is for ever, or, for a country, as everywhere else. Workers forget what is over. `reference` is
    the law or contract that requires it.
    """

    name: ClassVar[str] = "SetRetention"
    route: ClassVar[Route] = Route("PUT", "/v1/retention")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = PeriodAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "kind": "customers",
        "country": "DE",
        "keep": "10y",
        "reference": "AO 147",
    }

    kind: Literal["customers", "guests", "access_log", "receipts"]
    keep: str | None
    country: Country | None = None
    reference: Text | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> SetRetention:
        if self.country is not None and self.kind not in OF_PERSONS:
            raise ValueError(f"country: {self.kind} are kept equally long everywhere; leave it out")
        if self.keep is None:
            return self
        try:
            keep = Period.of(self.keep)
        except ValueError as error:
            raise ValueError(f"keep: {error}") from None
        shortest = SHORTEST.get(self.kind)
        if shortest is not None and keep.shorter_than(Period.of(shortest)):
            raise ValueError(f"keep: {self.kind} must be kept for at least {shortest}")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Retention, POLICY)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = RetentionSet(self.kind, self.country, self.keep, self.reference)
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {"kind": self.kind, "country": self.country, "keep": self.keep}
