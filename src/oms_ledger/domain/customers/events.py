"""Events of a customer's stream and of the retention policy's."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Event, Record


class PeriodOver(Record, frozen=True):
    """The period of retention that was over: for which kind of data, of which country (None: all
    that have none of their own), how long, since when nothing had happened, and by which version
    of the policy."""

    kind: Harmless
    country: Harmless | None
    keep: str
    since: datetime
    policy: int


class CustomerStreamEvent(Event, frozen=True):
    """An event of a customer's stream."""

    category: ClassVar[str] = "customer"
    customer_id: Harmless

    @property
    def key(self) -> str:
        return self.customer_id


class CustomerForgotten(CustomerStreamEvent, frozen=True):
    """The receipt of an erasure: no personal data recorded of the customer before it can be read.
    `keys` are the ids of the destroyed keys; `period` is the period of retention that caused it,
    None where a person did. It holds nothing personal itself; `note` is the operator's own text."""

    type: ClassVar[str] = "customer.forgotten.v2"
    customer_id: Harmless
    reason: str
    note: str | None = None
    keys: tuple[str, ...] = ()
    period: PeriodOver | None = None


class CustomerHeld(CustomerStreamEvent, frozen=True):
    """A legal hold: until it is released, the customer cannot be forgotten."""

    type: ClassVar[str] = "customer.held.v1"
    customer_id: Harmless
    hold_id: Harmless
    reason: str
    reference: str | None = None


class CustomerHoldReleased(CustomerStreamEvent, frozen=True):
    type: ClassVar[str] = "customer.hold_released.v1"
    customer_id: Harmless
    hold_id: Harmless
    reason: str


class CustomerTagged(CustomerStreamEvent, frozen=True):
    type: ClassVar[str] = "customer.tagged.v1"
    customer_id: Harmless
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class CustomerNoted(CustomerStreamEvent, frozen=True):
    """A note of the staff's about a customer."""

    type: ClassVar[str] = "customer.noted.v1"
    customer_id: Harmless
    text: str


class CustomerRestricted(CustomerStreamEvent, frozen=True):
    """The processing of the customer's data is restricted (GDPR, article 18): it is kept, and used
    for orders of the customer, and for legal claims."""

    type: ClassVar[str] = "customer.restricted.v1"
    customer_id: Harmless
    reason: str
    reference: str | None = None


class CustomerRestrictionLifted(CustomerStreamEvent, frozen=True):
    """`reason` says why, and that the customer was informed before."""

    type: ClassVar[str] = "customer.restriction_lifted.v1"
    customer_id: Harmless
    reason: str


CustomerEvent: TypeAlias = (
    CustomerForgotten
    | CustomerHeld
    | CustomerHoldReleased
    | CustomerTagged
    | CustomerNoted
    | CustomerRestricted
    | CustomerRestrictionLifted
)
CUSTOMER_EVENTS: tuple[type[CustomerEvent], ...] = get_args(CustomerEvent)
