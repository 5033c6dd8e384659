"""What commands about one customer's record have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import ClassVar, TypeVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id
from oms_commands.customers._subjects import refuse_if_unknown, streams_of
from oms_ledger.domain.customers.answers import CustomerRecordAnswer
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef, with_fields
from oms_ledger.kernel import Command, Context, Given, Json, Ref

C = TypeVar("C", bound="CustomerCommand")


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerCommand(Command):
    """A command of staff about one customer. The e-mail address does for who ordered without an
    id."""

    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = CustomerRecordAnswer

    customer_id: Id
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False, kw_only=True)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(self.customer_id)

    def with_subject(self: C, subject: ResolvedSubject) -> C:
        return with_fields(self, subject=subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(CustomerRecord, self.record_name)]

    @property
    def record_name(self) -> str:
        return streams_of(self.subject, self.customer_id)[0]

    def existing(self, given: Given) -> CustomerRecord:
        """The customer's record. `NotFound` where nothing is known of them."""
        record = given.state(CustomerRecord, self.record_name)
        refuse_if_unknown(self.subject, record)
        return record

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        tags = given.state(CustomerRecord, self.record_name).tags
        return {"customer_id": self.record_name, "tags": list(tags)}
