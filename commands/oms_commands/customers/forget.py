"""Forgetting a customer: decided here, under the same lock as legal holds and the periods of
retention. The keys are destroyed once the receipt is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic import InstanceOf
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Note, Reason
from oms_commands.customers._subjects import (
    refuse_if_held,
    refuse_if_restricted,
    refuse_if_unknown,
    streams_of,
)
from oms_ledger.domain.customers.answers import ForgottenAnswer
from oms_ledger.domain.customers.events import CustomerForgotten, PeriodOver
from oms_ledger.domain.customers.retention import POLICY, Retention
from oms_ledger.domain.customers.state import RESERVED, CustomerRecord
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef, with_fields
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ForgetCustomer(Command):
    """Forget a customer: everything personal that the ledger holds of them becomes unreadable.

    Orders, stock and money stay as they are. It cannot be undone. The e-mail address does for
    who ordered without an id. `reason` and `note` are kept: write nothing personal into them.
    A legal hold is in the way of it, and so is a restriction of processing.
    """

    name: ClassVar[str] = "ForgetCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/forget")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = ForgottenAnswer
    example: ClassVar[Mapping[str, Json]] = {"reason": "erasure request", "note": "ticket 7"}
    forgets: ClassVar[bool] = True

    customer_id: Id
    reason: Reason
    note: Note | None = None
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False)
    period: SkipJsonSchema[InstanceOf[PeriodOver] | None] = field(default=None, init=False)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(self.customer_id, internal=self.period is not None)

    def with_subject(self, subject: ResolvedSubject) -> ForgetCustomer:
        return with_fields(self, subject=subject)

    def because(self, period: PeriodOver) -> ForgetCustomer:
        """The same, because a retention period is over. What guests have ordered with
        the customer's e-mail address has periods of its own, and stays."""
        return with_fields(self, period=period)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [*streams_of(self.subject, self.customer_id)[1], (Retention, POLICY)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        name, refs = streams_of(self.subject, self.customer_id)
        if name.startswith(RESERVED):
            refuse_if_unknown(self.subject, given.state(CustomerRecord, name))
        refuse_if_held(refs, given)
        refuse_if_restricted(refs, given, "nothing of it is erased")
        if self.period is not None:
            _refuse_if_changed(self.period, given.state(Retention, POLICY))
        event = CustomerForgotten(name, self.reason, self.note, self._keys(), self.period)
        return [Change(event)]

    def _keys(self) -> tuple[str, ...]:
        if self.subject is None:
            return ()
        return self.subject.keys if self.period is None else self.subject.own

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        name, _ = streams_of(self.subject, self.customer_id)
        record = given.state(CustomerRecord, name)
        return {"customer_id": name, "reason": record.reason, "forgotten": record.forgotten}


def _refuse_if_changed(period: PeriodOver, policy: Retention) -> None:
    """`Refused` if the periods changed since: a longer period is binding once acknowledged."""
    if policy.version != period.policy:
        raise Refused(
            "Periods of retention have been changed meanwhile. GET /v1/retention/due shows whose"
            " is over by now.",
            code="not_due",
        )
