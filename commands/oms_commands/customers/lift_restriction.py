"""Lifting the restriction of the processing of a customer's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Reason
from oms_commands.customers._customer_command import CustomerCommand
from oms_commands.customers._subjects import restriction_of
from oms_ledger.domain.customers.answers import RestrictedCustomerAnswer
from oms_ledger.domain.customers.events import CustomerRestrictionLifted
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class LiftCustomerRestriction(CustomerCommand):
    """Lift the restriction of the processing of a customer's data.

    The customer is to be informed before (GDPR, article 18, paragraph 3). `reason` is kept: write
    nothing personal into it.
    """

    name: ClassVar[str] = "LiftCustomerRestriction"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/lift-restriction")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = RestrictedCustomerAnswer
    example: ClassVar[Mapping[str, Json]] = {"reason": "accuracy verified, customer informed"}

    reason: Reason

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.existing(given).restricted is None:
            return ()
        return [Change(CustomerRestrictionLifted(self.record_name, self.reason))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        record = given.state(CustomerRecord, self.record_name)
        return {"customer_id": self.record_name, "restriction": restriction_of(record)}
