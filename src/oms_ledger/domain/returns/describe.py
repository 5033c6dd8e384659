"""Events of returns as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from oms_ledger.domain.money import Money
from oms_ledger.domain.phrases import note_suffix, plural
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    ReplacementOrdered,
    RequestedLine,
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnPolicyDefined,
    ReturnReceived,
    ReturnRefunded,
    ReturnReopened,
    ReturnRequested,
)


def describe_return(event: ReturnEvent) -> list[str]:
    match event:
        case ReturnRequested():
            return [_requested(event)]
        case ReturnApproved():
            return [f"Return {event.return_id} approved{note_suffix(event.note)}"]
        case ReturnDeclined():
            return [f"Return {event.return_id} declined; reason: {event.reason}"]
        case ReplacementOrdered():
            order_id = event.replacement_order_id
            return [f"Order {order_id} replaces the goods of return {event.return_id}"]
        case ReturnReceived():
            rest = ["Nothing more is expected back"] if event.complete else []
            return [*(_received(line) for line in event.lines), *rest]
        case ReturnRefunded():
            return [_refunded(event)]
        case ReturnClosed():
            return [f"Return {event.return_id} closed{note_suffix(event.note)}"]
        case ReturnCancelled():
            return [f"Return {event.return_id} cancelled{note_suffix(event.reason)}"]
        case ReturnReopened():
            return [f"Return {event.return_id} reopened{note_suffix(event.reason)}"]
        case _:
            assert_never(event)


def _requested(event: ReturnRequested) -> str:
    what = f"{event.kind.capitalize()} {event.return_id} requested: {_units(event.lines)}"
    outside = f"; outside the policy: {event.override}" if event.override else ""
    return f"{what}; resolution: {event.resolution}{outside}"


def _units(lines: Iterable[RequestedLine]) -> str:
    return ", ".join(f"{n.quantity} x {n.sku}{note_suffix(n.reason)}" for n in lines)


def _received(line: ReceivedLine) -> str:
    condition, disposition = line.condition.replace("_", " "), line.disposition.replace("_", " ")
    what = f"{line.quantity} x {line.sku} came back to {line.location}"
    return f"{what}, {condition}; disposition: {disposition}"


def _refunded(event: ReturnRefunded) -> str:
    granted = Money(event.amount, event.currency)
    parts = [
        (event.refunded, "refunded"),
        (event.exchanged, "for the replacement"),
        (event.amount - event.refunded - event.exchanged, "less due"),
        (event.fee, "kept as a fee"),
    ]
    shown = ", ".join(f"{Money(amount, event.currency)} {what}" for amount, what in parts if amount)
    return f"{granted} granted for return {event.return_id}" + note_suffix(shown)


def describe_return_policy(event: ReturnPolicyDefined) -> str:
    scope = ", ".join((*event.channels, *event.categories)) or "everything"
    days = plural(event.days_from_delivery, "day")
    return f"Return policy {event.name} defined: {days} from delivery, for {scope}"
