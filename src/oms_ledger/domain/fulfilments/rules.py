"""Decisions about fulfilment orders that several commands share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

from oms_ledger.domain.errors import NotFound, Refused, illegal_transition
from oms_ledger.domain.fulfilment.events import ShipmentCancelled, ShipmentCreated
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.events import (
    FULFILMENT_EVENTS,
    FulfilmentOpened,
    FulfilmentPutBack,
)
from oms_ledger.domain.fulfilments.lots import lots_put_back
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.fulfilments.work import (
    Work,
    packed_units,
    work_status,
    works_of,
)
from oms_ledger.domain.guards import existing_order, quantities
from oms_ledger.domain.identifiers import fulfilment_group, fulfilment_name
from oms_ledger.domain.orders.events import ORDER_EVENTS, FulfilmentReleased
from oms_ledger.domain.orders.lines import LineQuantity, UnitsOfLine, units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Change, Given, Json, KeyGroup, Ref


class FulfilmentTarget(NamedTuple):
    """A fulfilment order (`work`) with its order and all `works` of that, by id."""

    order: Order
    works: dict[str, Work]
    work: Work


def work_refs(order_id: str, given: Given) -> list[Ref]:
    """What the units of an order's fulfilment orders follow from."""
    order = given.state(Order, order_id)
    shipments: list[Ref] = [(Shipment, each) for each in order.shipments]
    return [(Order, order_id), (Fulfilment, KeyGroup(fulfilment_group(order_id))), *shipments]


def works_given(order_id: str, given: Given) -> dict[str, Work]:
    """The fulfilment orders of an order by id; `work_refs` are what this reads."""
    order = given.state(Order, order_id)
    states = given.group(Fulfilment, fulfilment_group(order_id)).values()
    shipments = packed_units(given.state(Shipment, each) for each in order.shipments)
    return works_of(order, states, shipments)


def works_if_begun(order: Order, given: Given) -> dict[str, Work]:
    """As `works_given`; none where no work on the order has begun, which reads nothing."""
    return works_given(order.first_event.order_id, given) if order.released else {}


def refs_if_begun(order_id: str, given: Given) -> list[Ref]:
    """What `works_if_begun` reads."""
    return work_refs(order_id, given) if given.state(Order, order_id).released else []


def existing_target(given: Given, fulfilment_id: str) -> FulfilmentTarget:
    """`NotFound` where there is no such fulfilment order: of an order that is not confirmed, or at
    a location where nothing of it is or was."""
    name = fulfilment_name(fulfilment_id)
    missing = NotFound(
        f"There is no fulfilment order {fulfilment_id}. A confirmed order has one for each location"
        " that it is allocated at: look it up with GET /v1/fulfilments."
    )
    if name is None or given.state(Order, name.order_id).placed is None:
        raise missing
    order = existing_order(given, name.order_id, unplaced=True)
    works = works_given(name.order_id, given)
    if fulfilment_id not in works:
        raise missing
    return FulfilmentTarget(order, works, works[fulfilment_id])


def require_work(target: FulfilmentTarget, wanted: str) -> None:
    """`Refused` with `illegal_transition` where nothing is left to do, or the order waits for its
    `fulfil_at`."""
    status = work_status(target.work, target.order)
    if not target.work.open:
        remedy = "Nothing of it is left to do."
        if target.work.packed:
            remedy = "Its units are packed: cancel the shipment first."
        raise illegal_transition("The fulfilment order", status, wanted, remedy)
    if target.order.scheduled:
        raise illegal_transition(
            "The order",
            "scheduled",
            wanted,
            "Wait until its fulfil_at, or release it with POST .../release-schedule.",
        )


def opening_events(target: FulfilmentTarget) -> list[Change]:
    """The events that the first command about a fulfilment order begins with."""
    work, order = target.work, target.order
    changes: list[Change] = []
    if work.state.opened is None:
        changes.append(Change(opened(work.fulfilment_id, work.name.location, order)))
    if not order.released:
        order_id = order.first_event.order_id
        changes.append(Change(FulfilmentReleased(order_id, work.fulfilment_id)))
    return changes


def opened(
    fulfilment_id: str, location: str, order: Order, lines: Iterable[LineQuantity] = ()
) -> FulfilmentOpened:
    placed = order.first_event
    return FulfilmentOpened(
        fulfilment_id,
        placed.order_id,
        placed.number,
        order.terms.channel,
        location,
        placed.placed_at,
        order.ship_by,
        placed.sensitive,
        tuple(lines),
    )


def wanted_units(
    lines: Iterable[UnitsOfLine], left: Mapping[str, int], order: Order, what: str
) -> dict[str, int]:
    """Units by `line_id`. `Refused` with `not_enough_units`, naming every line at fault, where more
    are wanted than are `left`; `what` is what is left to them."""
    wanted = units_by_line(lines)
    faults: list[dict[str, Json]] = [
        {
            "line": line_id,
            "sku": order.lines[line_id].line.sku if line_id in order.lines else None,
            "requested": units,
            "available": left.get(line_id, 0),
        }
        for line_id, units in wanted.items()
        if units > left.get(line_id, 0)
    ]
    if faults:
        raise Refused(
            f"The fulfilment order has fewer units {what}. GET it to see how many there are of"
            " each line, and write at most these.",
            code="not_enough_units",
            errors=faults,
        )
    return wanted


def put_back_if_begun(changes: Sequence[Change], order: Order, given: Given) -> Sequence[Change]:
    """As `with_put_back`; the changes alone where no work on the order has begun."""
    works = works_if_begun(order, given)
    return with_put_back(changes, order, works.values()) if works else changes


def with_put_back(changes: Sequence[Change], order: Order, works: Collection[Work]) -> list[Change]:
    """The changes, and what they leave over of picked units: these are put back on the shelf."""
    after = deepcopy(order)
    states = {w.fulfilment_id: deepcopy(w.state) for w in works if w.state.opened is not None}
    packed = {each.shipment_id: each for work in works for each in work.shipments}
    for event in (change.event for change in changes):
        if isinstance(event, ORDER_EVENTS):
            after.apply(event)
        elif isinstance(event, FULFILMENT_EVENTS):
            states.setdefault(event.fulfilment_id, Fulfilment()).apply(event)
        elif isinstance(event, ShipmentCancelled):
            del packed[event.shipment_id]
        elif isinstance(event, ShipmentCreated):
            (new,) = packed_units([Shipment(created=event, status="created")])
            packed[event.shipment_id] = new
    surplus = [w for w in works_of(after, states.values(), packed.values()).values() if w.surplus]
    return [
        *changes,
        *(
            Change(
                FulfilmentPutBack(w.fulfilment_id, quantities(w.surplus.items()), lots_put_back(w))
            )
            for w in surplus
        ),
    ]
