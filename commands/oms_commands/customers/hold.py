"""A legal hold on a customer: until it is released, they cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Reason, Text
from oms_commands.customers._subjects import holds_of, refuse_if_unknown, streams_of
from oms_ledger.domain.customers.answers import HeldCustomerAnswer
from oms_ledger.domain.customers.events import CustomerHeld
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef, with_fields
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class HoldCustomer(Command):
    """Place a legal hold on a customer: nobody, and no period of retention, has them forgotten.

    Several holds may be on a customer at once, each with its own id. The e-mail address does for
    who ordered without an id. `reason` and `reference` are kept: write nothing personal into them.
    """

    name: ClassVar[str] = "HoldCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/hold")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = HeldCustomerAnswer
    example: ClassVar[Mapping[str, Json]] = {"reason": "litigation", "reference": "case 12"}

    customer_id: Id
    reason: Reason
    reference: Text | None = None
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(self.customer_id)

    def with_subject(self, subject: ResolvedSubject) -> HoldCustomer:
        return with_fields(self, subject=subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return streams_of(self.subject, self.customer_id)[1]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        name, _ = streams_of(self.subject, self.customer_id)
        refuse_if_unknown(self.subject, given.state(CustomerRecord, name))
        event = CustomerHeld(name, ctx.command_id, self.reason, self.reference)
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        name, _ = streams_of(self.subject, self.customer_id)
        holds = holds_of(given.state(CustomerRecord, name))
        return {"customer_id": name, "hold_id": ctx.command_id, "holds": holds}
