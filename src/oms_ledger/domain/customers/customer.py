"""What is known of a customer beside their orders: legal holds, and that they were forgotten.

The key of the stream is the customer's id. Who has none is `key:<id of the key that their data is
sealed with>`, or `order:<id>` where there is not even an e-mail address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.kernel import Event, State

GUEST = "key:"
ORDER = "order:"


@dataclass(frozen=True, slots=True)
class PeriodOver:
    """The period of retention that was over: for which kind of data, of which country (None: all
    that have none of their own), how long, since when nothing had happened, and by which version
    of the policy."""

    kind: str
    country: str | None
    keep: str
    since: datetime
    policy: int


@dataclass(frozen=True, slots=True)
class CustomerForgotten(Event):
    """The receipt: nothing personal that was known of the customer until here may be read again.
    `keys` are the ids of the keys that are destroyed for it; `period` says why, where nobody asked
    for it. It holds nothing personal itself; `note` is the operator's own word."""

    type: ClassVar[str] = "customer.forgotten.v2"
    customer_id: str
    reason: str
    note: str | None = None
    keys: tuple[str, ...] = ()
    period: PeriodOver | None = None


@dataclass(frozen=True, slots=True)
class CustomerHeld(Event):
    """A legal hold: until it is released, the customer cannot be forgotten."""

    type: ClassVar[str] = "customer.held.v1"
    customer_id: str
    hold_id: str
    reason: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerHoldReleased(Event):
    type: ClassVar[str] = "customer.hold_released.v1"
    customer_id: str
    hold_id: str
    reason: str


CustomerEvent: TypeAlias = CustomerForgotten | CustomerHeld | CustomerHoldReleased
CUSTOMER_EVENTS: tuple[type[CustomerEvent], ...] = get_args(CustomerEvent)


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
