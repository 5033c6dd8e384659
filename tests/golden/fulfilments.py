"""What the golden files of fulfilment orders mean."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.fulfilment.events import LineLot
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
from oms_ledger.domain.orders.lines import LineQuantity

_ID = "o1@LON"
_PART = "o1@LON~2"
_LINES = (LineQuantity("1", 2),)
_LOTS = (LineLot("1", "L-1", 2),)
_AT = datetime(2026, 1, 3, 9, 30, 0, 123456, tzinfo=UTC)

FULFILMENT_LITERALS: tuple[FulfilmentEvent, ...] = (
    FulfilmentOpened(_PART, "o1", "WEB-000001", "web", "LON", _AT, _AT, True, _LINES),
    FulfilmentAccepted(_ID),
    FulfilmentRejected(_ID, "out of stock", _LINES),
    FulfilmentMoved(_ID, "MAN", _LINES),
    FulfilmentSplit(_ID, _PART, _LINES),
    FulfilmentMerged(_ID, _PART, _LINES, _LINES, _LOTS),
    FulfilmentAbsorbed(_PART, _ID, _LINES, _LINES, _LOTS),
    FulfilmentHeld(_ID, "damaged packaging", "wait for boxes"),
    FulfilmentHoldReleased(_ID),
    FulfilmentScheduled(_ID, _AT),
    FulfilmentDue(_ID),
    FulfilmentPicked(_ID, (PickedLine("1", "85123A", 2, "L-1"),), _LINES),
    FulfilmentPutBack(_ID, _LINES, _LOTS),
    FulfilmentReadyForPickup(_ID, "s1"),
    FulfilmentPickedUp(_ID, "s1"),
    FulfilmentOverdue(_ID, _AT, 2),
)
