"""Events of customers and of the retention policy as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.customers.events import (
    CustomerEvent,
    CustomerForgotten,
    CustomerHeld,
    CustomerHoldReleased,
    CustomerNoted,
    CustomerRestricted,
    CustomerRestrictionLifted,
    CustomerTagged,
)
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.domain.phrases import note_suffix, reference_suffix, tags_text


def describe_customer(event: CustomerEvent) -> str:
    customer = f"Customer {event.customer_id}"
    match event:
        case CustomerForgotten():
            over = f", after {event.period.keep} of {event.period.kind}" if event.period else ""
            return f"{customer} forgotten; reason: {event.reason}{note_suffix(event.note)}{over}"
        case CustomerHeld():
            reference = reference_suffix(event.reference)
            return (
                f"{customer} put on legal hold {event.hold_id}; reason: {event.reason}{reference}"
            )
        case CustomerHoldReleased():
            return f"{customer} released from legal hold {event.hold_id}; reason: {event.reason}"
        case CustomerTagged():
            return f"{customer}: {tags_text(event.added, event.removed)}"
        case CustomerNoted():
            return f"{customer}, note: {event.text}"
        case CustomerRestricted():
            reference = reference_suffix(event.reference)
            return f"{customer}: processing restricted; reason: {event.reason}{reference}"
        case CustomerRestrictionLifted():
            return f"{customer}: restriction lifted; reason: {event.reason}"
        case _:
            assert_never(event)


def describe_retention(event: RetentionSet) -> str:
    of = f"{event.kind} of {event.country}" if event.country else event.kind
    kept = f"kept for {event.keep}" if event.keep else "without a period of their own"
    return f"Retention: {of} {kept}{reference_suffix(event.reference)}"
