"""The state of a fulfilment order, as far as its own events determine it.

How many units it has follows from its order as well: see `work.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, assert_never

from oms_ledger.domain.fulfilment.events import LineLot
from oms_ledger.domain.fulfilments.events import (
    FULFILMENT_EVENTS,
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
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event, Ref, State


@dataclass(slots=True)
class Fulfilment(State):
    """`claims` are the units of a part that was split off, by `line_id`, those in shipments
    included; the first fulfilment order of a location has none. `picked` are all units that were
    picked and not put back, those in shipments included, and `lots` those of them whose lot was
    named, by `line_id` and lot. `rejection` and `held` are the reasons.
    `ended` is moved, absorbed or rejected, where its units went elsewhere. `waiting` are the
    shipments whose goods wait for the buyer. `overdue`: `ship_by` has passed."""

    category: ClassVar[str] = "fulfilment"
    group_separator: ClassVar[str] = "@"
    version: int = 0
    opened: FulfilmentOpened | None = None
    accepted: bool = False
    rejection: str | None = None
    held: str | None = None
    not_before: datetime | None = None
    claims: dict[str, int] = field(default_factory=dict)
    picked: dict[str, int] = field(default_factory=dict)
    ended: str | None = None
    waiting: list[str] = field(default_factory=list)
    overdue: bool = False
    lots: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def owner(self) -> Ref | None:
        return None if self.opened is None else (Order, self.opened.order_id)

    def apply(self, event: Event) -> None:
        if not isinstance(event, FULFILMENT_EVENTS):
            raise TypeError(f"{event.type} does not belong to a fulfilment order")
        _apply(self, event)


def _apply(fulfilment: Fulfilment, event: FulfilmentEvent) -> None:
    match event:
        case FulfilmentOpened():
            fulfilment.opened = event
            _add(fulfilment.claims, event.lines)
        case FulfilmentAccepted():
            fulfilment.accepted, fulfilment.rejection = True, None
        case FulfilmentRejected():
            fulfilment.accepted, fulfilment.rejection = False, event.reason
            fulfilment.ended = "rejected"
            _take(fulfilment.claims, event.lines)
        case FulfilmentMoved():
            fulfilment.ended = "moved"
            _take(fulfilment.claims, event.lines)
        case FulfilmentSplit():
            _take(fulfilment.claims, event.lines)
        case FulfilmentMerged():
            if fulfilment.claims:
                _add(fulfilment.claims, event.lines)
            _add(fulfilment.picked, event.picked)
            _add_lots(fulfilment.lots, event.lots)
        case FulfilmentAbsorbed():
            fulfilment.ended = "absorbed"
            _take(fulfilment.claims, event.lines)
            _take(fulfilment.picked, event.picked)
            _take_lots(fulfilment.lots, event.lots)
        case FulfilmentPicked():
            _add(fulfilment.picked, event.lines)
            _add_lots(fulfilment.lots, event.lines)
            _take(fulfilment.claims, event.short)
        case FulfilmentPutBack():
            _take(fulfilment.picked, event.lines)
            _take_lots(fulfilment.lots, event.lots)
        case FulfilmentOverdue():
            fulfilment.overdue = True
        case (
            FulfilmentHeld()
            | FulfilmentHoldReleased()
            | FulfilmentScheduled()
            | FulfilmentDue()
            | FulfilmentReadyForPickup()
            | FulfilmentPickedUp()
        ):
            _apply_wait(fulfilment, event)
        case _:
            assert_never(event)


def _apply_wait(
    fulfilment: Fulfilment,
    event: FulfilmentHeld
    | FulfilmentHoldReleased
    | FulfilmentScheduled
    | FulfilmentDue
    | FulfilmentReadyForPickup
    | FulfilmentPickedUp,
) -> None:
    """What the work, or the goods, wait for."""
    match event:
        case FulfilmentHeld():
            fulfilment.held = event.reason
        case FulfilmentHoldReleased():
            fulfilment.held = None
        case FulfilmentScheduled():
            fulfilment.not_before = event.not_before
        case FulfilmentDue():
            fulfilment.not_before = None
        case FulfilmentReadyForPickup():
            fulfilment.waiting.append(event.shipment_id)
        case FulfilmentPickedUp():
            fulfilment.waiting.remove(event.shipment_id)
        case _:
            assert_never(event)


def _add(units: dict[str, int], lines: Iterable[LineQuantity | PickedLine]) -> None:
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity


def _take(units: dict[str, int], lines: Iterable[LineQuantity]) -> None:
    """Take units away of the lines that have any. A part's lines stay with 0."""
    for line in lines:
        if line.line_id in units:
            units[line.line_id] = max(0, units[line.line_id] - line.quantity)


def _add_lots(lots: dict[str, dict[str, int]], lines: Iterable[PickedLine | LineLot]) -> None:
    for line in lines:
        if line.lot is not None:
            of_line = lots.setdefault(line.line_id, {})
            of_line[line.lot] = of_line.get(line.lot, 0) + line.quantity


def _take_lots(lots: dict[str, dict[str, int]], lines: Iterable[LineLot]) -> None:
    for line in lines:
        of_line = lots[line.line_id]
        of_line[line.lot] -= line.quantity
        if not of_line[line.lot]:
            del of_line[line.lot]
        if not of_line:
            del lots[line.line_id]
