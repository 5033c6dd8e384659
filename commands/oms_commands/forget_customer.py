"""Forgetting a customer: the receipt of it. The keys are destroyed before it is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands.fields import PRINTABLE, STRICT, Id, Note
from oms_ledger.domain.customer import CustomerForgotten, CustomerRecord
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ForgetCustomer(Command):
    """Forget a customer: everything personal that the ledger holds of them becomes unreadable.

    Orders, stock and money stay as they are. It cannot be undone. The e-mail address does for
    who ordered without an id. `reason` and `note` are kept: write nothing personal into them.
    """

    name: ClassVar[str] = "ForgetCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/forget")
    scope: ClassVar[str] = "admin"
    forgets: ClassVar[bool] = True

    customer_id: Id
    reason: Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
    note: Note | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(CustomerRecord, self.customer_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = CustomerForgotten(self.customer_id, self.reason, self.note)
        return [Change(CustomerRecord, self.customer_id, event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        record = given.state(CustomerRecord, self.customer_id)
        return {
            "customer_id": self.customer_id,
            "reason": record.reason,
            "forgotten": record.forgotten,
        }
