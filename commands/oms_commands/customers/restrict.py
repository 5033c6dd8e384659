"""Restricting the processing of a customer's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Reason, Text
from oms_commands.customers._customer_command import CustomerCommand
from oms_commands.customers._subjects import restriction_of
from oms_ledger.domain.customers.answers import RestrictedCustomerAnswer
from oms_ledger.domain.customers.events import CustomerRestricted
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RestrictCustomer(CustomerCommand):
    """Restrict the processing of a customer's data to keeping it (GDPR, article 18).

    Until it is lifted no message is written to them, no tag is added, lists of customers leave them
    out, and neither a request nor a period of retention has them forgotten. Orders that they place
    are placed, shipped, paid and returned as before. The e-mail address does for who ordered
    without an id. `reason` and `reference` are kept: write nothing personal into them.
    """

    name: ClassVar[str] = "RestrictCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/restrict")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = RestrictedCustomerAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "reason": "accuracy contested",
        "reference": "letter of 7 May",
    }

    reason: Reason
    reference: Text | None = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        before = self.existing(given).restricted
        event = CustomerRestricted(self.record_name, self.reason, self.reference)
        return () if event == before else [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        record = given.state(CustomerRecord, self.record_name)
        return {"customer_id": self.record_name, "restriction": restriction_of(record)}
