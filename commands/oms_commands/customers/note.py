"""Writing a note on a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Note
from oms_commands.customers._customer_command import CustomerCommand
from oms_ledger.domain.customers.events import CustomerNoted
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class NoteCustomer(CustomerCommand):
    """Write a note on a customer, for colleagues. The customer's page and export show it.

    Notes are kept for ever and cannot be erased: write no personal data into them.
    """

    name: ClassVar[str] = "NoteCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/notes")
    example: ClassVar[Mapping[str, Json]] = {"text": "Prefers to be called in the morning."}

    text: Annotated[Note, Field(min_length=1)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        self.existing(given)
        return [Change(CustomerNoted(self.record_name, self.text))]
