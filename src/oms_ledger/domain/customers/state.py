"""The state of a customer beside their orders: legal holds, and whether they were forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, assert_never

from oms_ledger.domain.customers.events import (
    CUSTOMER_EVENTS,
    CustomerEvent,
    CustomerForgotten,
    CustomerHeld,
    CustomerHoldReleased,
    CustomerNoted,
    CustomerRestricted,
    CustomerRestrictionLifted,
    CustomerTagged,
)
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


def tags_after(tags: Sequence[str], event: CustomerTagged) -> list[str]:
    return [*(tag for tag in tags if tag not in event.removed), *event.added]


def _legal_hold(event: CustomerHeld) -> LegalHold:
    return LegalHold(event.hold_id, event.reason, event.reference)


@dataclass(slots=True)
class CustomerRecord(State):
    """The legal holds on a customer, their tags in the order in which they were added, and how
    often they were forgotten: who comes again may be forgotten again. `restricted` is the
    restriction in force; None where there is none."""

    category: ClassVar[str] = "customer"
    grows: ClassVar[bool] = True
    version: int = 0
    forgotten: int = 0
    reason: str | None = None
    holds: dict[str, LegalHold] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    restricted: CustomerRestricted | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, CUSTOMER_EVENTS):
            raise TypeError(f"{event.type} does not belong to a customer")
        _apply(self, event)


def _apply(record: CustomerRecord, event: CustomerEvent) -> None:
    match event:
        case CustomerForgotten():
            record.forgotten += 1
            record.reason = event.reason
        case CustomerHeld():
            record.holds[event.hold_id] = _legal_hold(event)
        case CustomerHoldReleased():
            del record.holds[event.hold_id]
        case CustomerTagged():
            record.tags = tags_after(record.tags, event)
        case CustomerNoted():
            pass  # no guard reads notes
        case CustomerRestricted():
            record.restricted = event
        case CustomerRestrictionLifted():
            record.restricted = None
        case _:
            assert_never(event)
