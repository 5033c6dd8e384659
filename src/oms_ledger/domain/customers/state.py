"""The state of a customer beside their orders: legal holds, and whether they were forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oms_ledger.domain.customers.events import CustomerForgotten, CustomerHeld, CustomerHoldReleased
from oms_ledger.kernel import Event, State

GUEST = "key:"
ORDER = "order:"
RESERVED = (GUEST, ORDER)
"""How the names of records begin that are no customer's id. No new id of a customer does."""


def record_of(key_id: str, subject: str) -> str:
    """The name of the record of a data key's subject. Guests have the name of their key, and so
    have customers whose id is an e-mail address or begins as the name of another record does."""
    kind, _, name = subject.partition(":")
    if kind == "order":
        return subject
    plain = kind == "customer" and "@" not in name and not name.startswith(RESERVED)
    return name if plain else f"{GUEST}{key_id}"


@dataclass(slots=True)
class LegalHold:
    hold_id: str
    reason: str
    reference: str | None


@dataclass(slots=True)
class CustomerRecord(State):
    """The legal holds on a customer, and how often they were forgotten: who comes again may be
    forgotten again."""

    category: ClassVar[str] = "customer"
    grows: ClassVar[bool] = True
    version: int = 0
    forgotten: int = 0
    reason: str | None = None
    holds: dict[str, LegalHold] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        match event:
            case CustomerForgotten():
                self.forgotten += 1
                self.reason = event.reason
            case CustomerHeld():
                hold = LegalHold(event.hold_id, event.reason, event.reference)
                self.holds[event.hold_id] = hold
            case CustomerHoldReleased():
                del self.holds[event.hold_id]
            case _:
                raise TypeError(f"{event.type} does not belong to a customer")
