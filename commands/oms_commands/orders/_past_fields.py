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
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.units import steps_of


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


def past_shipment_of(number: int, given: PastShipmentFields, terms: OrderTerms) -> PastShipment:
    """`Invalid` naming the quantity that is not in the unit of its line."""
    units = {line.line_id: line.unit for line in terms.lines}
    lines = given.lines
    return PastShipment(
        given.location,
        None
        if lines is None
        else tuple(
            (
                line.line_id,
                steps_of(
                    line.quantity,
                    units.get(line.line_id),
                    f"shipments.{number}.lines.{n}.quantity",
                ),
            )
            for n, line in enumerate(lines)
        ),
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
