"""Events of fulfilment orders as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from oms_ledger.domain.fulfilments.events import (
    FulfilmentAbsorbed,
    FulfilmentAccepted,
    FulfilmentDue,
    FulfilmentEvent,
    FulfilmentHeld,
    FulfilmentHoldReleased,
    FulfilmentMerged,
    FulfilmentMoved,
    FulfilmentOpened,
    FulfilmentOverdue,
    FulfilmentPicked,
    FulfilmentPickedUp,
    FulfilmentPutBack,
    FulfilmentReadyForPickup,
    FulfilmentRejected,
    FulfilmentScheduled,
    FulfilmentSplit,
    PickedLine,
)
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.phrases import note_suffix, plural

Skus = Mapping[str, str]
"""SKU of each line of the order, by line id."""


def describe_fulfilment(event: FulfilmentEvent, skus: Skus) -> str:
    name = f"Fulfilment order {event.fulfilment_id}"
    match event:
        case FulfilmentOpened():
            own = f" with {_units(event.lines, skus)}" if event.lines else ""
            return f"{name} opened at {event.location}{own}"
        case FulfilmentAccepted():
            return f"{name} accepted"
        case FulfilmentRejected():
            moved = f"; {_units(event.lines, skus)} routed anew" if event.lines else ""
            return f"{name} rejected; reason: {event.reason}{moved}"
        case FulfilmentMoved():
            return f"{name} moved to {event.to_location}: {_units(event.lines, skus)}"
        case FulfilmentSplit():
            return f"{name} split: {_units(event.lines, skus)} belong to {event.into}"
        case FulfilmentMerged():
            return f"{name} merged with {event.merged}: {_units(event.lines, skus)}"
        case FulfilmentAbsorbed():
            return f"{name} merged into {event.into}"
        case FulfilmentHeld():
            return f"{name} put on hold: {event.reason}{note_suffix(event.note)}"
        case FulfilmentHoldReleased():
            return f"Hold of fulfilment order {event.fulfilment_id} released"
        case FulfilmentScheduled():
            return f"{name} scheduled: not before {rfc3339(event.not_before)}"
        case FulfilmentDue():
            return f"{name} is due"
        case FulfilmentPicked():
            return _picked(event, skus)
        case FulfilmentPutBack():
            return f"Picked for {event.fulfilment_id} and put back: {_units(event.lines, skus)}"
        case FulfilmentReadyForPickup():
            return f"{name} is ready for pickup"
        case FulfilmentPickedUp():
            return f"{name} picked up by the buyer"
        case FulfilmentOverdue():
            left = plural(event.units, "unit")
            return f"{name} is overdue: {left} not shipped by {rfc3339(event.ship_by)}"
        case _:
            assert_never(event)


def _picked(event: FulfilmentPicked, skus: Skus) -> str:
    picked = ", ".join(_line(line) for line in event.lines) or "nothing"
    short = f"; not there: {_units(event.short, skus)}" if event.short else ""
    return f"Picked for fulfilment order {event.fulfilment_id}: {picked}{short}"


def _line(line: PickedLine) -> str:
    lot = f" of lot {line.lot}" if line.lot else ""
    return f"{line.quantity} x {line.sku}{lot}"


def _units(lines: Iterable[LineQuantity], skus: Skus) -> str:
    return ", ".join(f"{n.quantity} x {skus.get(n.line_id, n.line_id)}" for n in lines)
