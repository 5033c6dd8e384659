"""Fields of a past order in a request, and their conversion to the domain's types."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Id,
    Text,
    Time,
    minor_units,
    positive_minor_units,
)
from oms_commands.orders._fields import CancelledLine
from oms_ledger.domain.orders.past import PastPayment, PastShipment


@dataclass(frozen=True, slots=True, config=STRICT)
class PastShipmentFields:
    """Without `lines`: all goods that no shipment before it has. Lines are numbered from 1. Without
    dates it waits to leave."""

    location: Code
    lines: Annotated[tuple[CancelledLine, ...], Field(min_length=1, max_length=2000)] | None = None
    carrier: Code = "manual"
    service: Code | None = None
    tracking_number: Id | None = None
    dispatched_at: Time | None = None
    delivered_at: Time | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class PastPaymentFields:
    """Money that was captured, in the order's currency, and what of it was `refunded`."""

    provider: Code
    reference: Annotated[Text, Field(min_length=1, max_length=200)]
    amount: Amount
    captured_at: Time | None = None
    refunded: Amount | None = None
    refunded_at: Time | None = None


def past_shipment_of(given: PastShipmentFields) -> PastShipment:
    lines = given.lines
    return PastShipment(
        given.location,
        None if lines is None else tuple((line.line_id, line.quantity) for line in lines),
        given.carrier,
        given.service,
        given.tracking_number,
        given.dispatched_at,
        given.delivered_at,
    )


def past_payment_of(number: int, given: PastPaymentFields, currency: str) -> PastPayment:
    """`Invalid` naming the amount that the currency cannot express, or that is 0."""
    within = f"payments.{number}"
    return PastPayment(
        given.provider,
        given.reference,
        positive_minor_units(given.amount, currency, f"{within}.amount"),
        given.captured_at,
        minor_units(given.refunded, currency, f"{within}.refunded"),
        given.refunded_at,
    )
