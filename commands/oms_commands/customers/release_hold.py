"""Releasing one legal hold on a customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Reason
from oms_commands.customers._subjects import holds_of, streams_of
from oms_ledger.domain.customers.answers import ReleasedCustomerAnswer
from oms_ledger.domain.customers.events import CustomerHoldReleased
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef, with_fields
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseCustomerHold(Command):
    """Release one legal hold. The customer can be forgotten when none is left.

    `reason` is kept: write nothing personal into it.
    """

    name: ClassVar[str] = "ReleaseCustomerHold"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/holds/{hold_id}/release")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = ReleasedCustomerAnswer
    example: ClassVar[Mapping[str, Json]] = {"reason": "case closed"}

    customer_id: Id
    hold_id: Id
    reason: Reason
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(self.customer_id)

    def with_subject(self, subject: ResolvedSubject) -> ReleaseCustomerHold:
        return with_fields(self, subject=subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return streams_of(self.subject, self.customer_id)[1]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        name, _ = streams_of(self.subject, self.customer_id)
        if self.hold_id not in given.state(CustomerRecord, name).holds:
            raise NotFound(
                f"There is no legal hold {self.hold_id} on customer {name}."
                f" GET /v1/customers/{name} shows those that there are."
            )
        event = CustomerHoldReleased(name, self.hold_id, self.reason)
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        name, _ = streams_of(self.subject, self.customer_id)
        return {"customer_id": name, "holds": holds_of(given.state(CustomerRecord, name))}
