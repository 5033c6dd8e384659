"""Forgetting who ordered, where the order says neither an id nor an e-mail address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Note, Reason
from oms_commands.customers._subjects import refuse_if_held, refuse_if_restricted, streams_of
from oms_ledger.domain.customers.answers import ForgottenAnswer
from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.customers.state import GUEST, ORDER, CustomerRecord
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import (
    ResolvedSubject,
    SubjectRef,
    key_of,
    personal_values,
    with_fields,
)
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ForgetOrder(Command):
    """Forget the person of an order that has neither a customer's id nor an e-mail address.

    The order, its stock and its money stay as they are. It cannot be undone. Who has an id or an
    address is forgotten by that. `reason` and `note` are kept: write nothing personal into them.
    """

    name: ClassVar[str] = "ForgetOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/forget")
    scope: ClassVar[str] = "admin"
    answer_type: ClassVar[type] = ForgottenAnswer
    example: ClassVar[Mapping[str, Json]] = {"reason": "erasure request"}
    forgets: ClassVar[bool] = True

    order_id: Id
    reason: Reason
    note: Note | None = None
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(self._record, internal=True)

    @property
    def _record(self) -> str:
        return f"{ORDER}{self.order_id}"

    def with_subject(self, subject: ResolvedSubject) -> ForgetOrder:
        return with_fields(self, subject=subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id), *streams_of(self.subject, self._record)[1]]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        keys = self.subject.keys if self.subject is not None else ()
        _refuse_if_anothers(existing_order(given, self.order_id, unplaced=True), keys)
        refs = streams_of(self.subject, self._record)[1]
        refuse_if_held(refs, given)
        refuse_if_restricted(refs, given, "nothing of it is erased")
        event = CustomerForgotten(self._record, self.reason, self.note, keys)
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        record = given.state(CustomerRecord, self._record)
        return {
            "customer_id": self._record,
            "reason": record.reason,
            "forgotten": record.forgotten,
        }


def _refuse_if_anothers(order: Order, keys: Sequence[str]) -> None:
    """`Refused` if the order's personal values belong to a customer with an id or an address. What
    the order's own `keys` seal from before an edit, which named the customer, can be forgotten."""
    terms = order.terms
    sealed_with = {key_of(value) for _, value in personal_values(terms)}
    if order.edits is not None and keys and sealed_with.isdisjoint(keys):
        return
    if terms.customer is not None and terms.customer.id is not None:
        subject = terms.customer.id
    elif terms.customer is not None and terms.customer.email is not None:
        others = sealed_with - {None, *keys}
        subject = next((f"{GUEST}{key}" for key in sorted(map(str, others))), "{e-mail address}")
    else:
        return
    raise Refused(
        f"The order is that of a customer, {subject}. Forget them, and what is personal in their"
        f" orders goes along: POST /v1/customers/{subject}/forget.",
        code="belongs_to_a_customer",
        errors=[{"customer_id": subject}],
    )
