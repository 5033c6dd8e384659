"""A shop's busy weeks, through public commands: what replay is measured on.

Orders go in cohorts: placed, later shipped, later delivered, so that the events of one order lie
far apart in the log, as in real life, and no page holds an order's whole story.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.compare import Progress
from benchmarks.shop import ACTOR, five_event_order
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_commands.orders.cancel import CancelOrder
from oms_ledger.app import Oms
from oms_ledger.bus import PendingOutcome
from oms_ledger.contexts import new_context
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.kernel import Command

COHORT = 500
"""Orders that are placed together. Their 3,000 events and those of two cohorts that are on
their way make up about two pages."""

CANCELLED, SHIPPED, DELIVERED = 0.06, 0.90, 0.95
"""Shares: of all orders; of those not cancelled; of those shipped."""


@dataclass(frozen=True, slots=True)
class Parcel:
    order_id: str
    shipment_id: str = ""


def generate(oms: Oms, events: int, chance: random.Random, progress: Progress) -> int:
    """Let things happen until there are this many events; how many there are."""
    on_their_way: deque[list[PendingOutcome]] = deque()
    head, printed = oms.readers.head(), 0
    for cohort in _cohorts(chance):
        on_their_way.append(oms.bus.submit(cohort))
        if len(on_their_way) > 2:
            head = max(future.result().position for future in on_their_way.popleft())
        if head - printed >= 50_000:
            printed = head
            progress(f"making a ledger: {head:,} of {events:,} events")
        if head >= events:
            break
    for futures in on_their_way:
        head = max(future.result().position for future in futures)
    return head


def _cohorts(chance: random.Random) -> Iterator[list[Submission]]:
    placed: deque[list[Parcel]] = deque()
    shipped: deque[list[Parcel]] = deque()
    while True:
        submissions: list[Submission] = []
        placed.append([_place(chance, submissions) for _ in range(COHORT)])
        if len(placed) > 2:
            shipped.append(
                [p for order in placed.popleft() for p in _ship(order, chance, submissions)]
            )
        if len(shipped) > 2:
            for parcel in shipped.popleft():
                _arrive(parcel, chance, submissions)
        yield submissions


def _submit(command: Command, submissions: list[Submission]) -> str:
    """The command's id, which names what it creates."""
    ctx = new_context(ACTOR)
    submissions.append(Submission(command, ctx))
    return ctx.command_id


def _place(chance: random.Random, submissions: list[Submission]) -> Parcel:
    return Parcel(_submit(five_event_order(chance, confirm=True), submissions))


def _ship(order: Parcel, chance: random.Random, submissions: list[Submission]) -> Iterator[Parcel]:
    if chance.random() < CANCELLED:
        _submit(CancelOrder(order_id=order.order_id, reason="customer"), submissions)
    elif chance.random() < SHIPPED:
        shipment = _submit(CreateShipment(order_id=order.order_id, location="LON"), submissions)
        number = f"TRK{chance.randrange(10**10):010d}"
        _submit(LabelShipment(shipment_id=shipment, tracking_number=number), submissions)
        _submit(DispatchShipment(shipment_id=shipment), submissions)
        yield Parcel(order.order_id, shipment)


def _arrive(parcel: Parcel, chance: random.Random, submissions: list[Submission]) -> None:
    for _ in range(chance.randint(1, 3)):
        scan = RecordTrackingEvent(
            shipment_id=parcel.shipment_id,
            code="in_transit",
            occurred_at=datetime.now(UTC),
            location="Hub",
        )
        _submit(scan, submissions)
    if chance.random() < DELIVERED:
        _submit(DeliverShipment(shipment_id=parcel.shipment_id), submissions)
