"""What is known of a customer beside their orders: that they were forgotten, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class CustomerForgotten(Event):
    """The receipt: from here on nothing personal that was known of the customer can be read.
    It holds nothing personal itself; `note` is the operator's own word."""

    type: ClassVar[str] = "customer.forgotten.v1"
    customer_id: str
    reason: str
    note: str | None = None


@dataclass(slots=True)
class CustomerRecord(State):
    """How often the customer was forgotten: who comes again may be forgotten again."""

    category: ClassVar[str] = "customer"
    version: int = 0
    forgotten: int = 0
    reason: str | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, CustomerForgotten):
            raise TypeError(f"{event.type} does not belong to a customer")
        self.forgotten += 1
        self.reason = event.reason
