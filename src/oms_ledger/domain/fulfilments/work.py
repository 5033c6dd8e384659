"""How many units each fulfilment order of an order has, and how far they are.

The order says how many units are allocated at a location, the shipments which of its units are
packed or have left. Of the units that are allocated at a location each part that was split off has
those that it claims, first of the parts with the lowest number; the first fulfilment order has the
rest. So a unit belongs to one fulfilment order alone, whatever happens to the order meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from oms_ledger.domain.fulfilment.events import LineLot
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.identifiers import FulfilmentName, fulfilment_id_of, fulfilment_name
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.state import Order

PICKUP = "pickup"
"""The carrier of shipments that the buyer takes at the location."""


@dataclass(frozen=True, slots=True)
class PackedUnits:
    """A shipment of an order: its units by `line_id`, and the fulfilment order that they were of.
    None: of the first one of the location. `lots` as in `ShipmentCreated`."""

    shipment_id: str
    location: str
    status: str
    carrier: str
    units: Mapping[str, int]
    fulfilment_id: str | None = None
    lots: tuple[LineLot, ...] = ()

    @property
    def has_left(self) -> bool:
        return self.status not in ("created", "labelled")


@dataclass(slots=True)
class Work:
    """A fulfilment order: units by `line_id` that are `open` (allocated, not packed), and of these
    `picked`; `packed` in shipments that have not left; and `shipped`. `surplus` was picked and is
    not wanted any more. `shipments` are those that were not cancelled."""

    fulfilment_id: str
    name: FulfilmentName
    state: Fulfilment
    open: dict[str, int] = field(default_factory=dict)
    picked: dict[str, int] = field(default_factory=dict)
    packed: dict[str, int] = field(default_factory=dict)
    shipped: dict[str, int] = field(default_factory=dict)
    surplus: dict[str, int] = field(default_factory=dict)
    shipments: list[PackedUnits] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it has units that have not left."""
        return bool(self.open or self.packed)

    @property
    def has_begun(self) -> bool:
        """Whether picking was begun: what is left to pick is not shipped before it is picked."""
        return bool(self.picked or self.state.picked)

    @property
    def unsent(self) -> list[PackedUnits]:
        """The shipments that have not left."""
        return [each for each in self.shipments if not each.has_left]

    @property
    def unpicked(self) -> dict[str, int]:
        rest = {line_id: n - self.picked.get(line_id, 0) for line_id, n in self.open.items()}
        return {line_id: n for line_id, n in rest.items() if n}


def packed_units(shipments: Iterable[Shipment]) -> list[PackedUnits]:
    """The shipments that there are among these."""
    packed: list[PackedUnits] = []
    for shipment in shipments:
        created = shipment.created
        if created is None:
            continue
        packed.append(
            PackedUnits(
                created.shipment_id,
                created.location,
                shipment.status,
                created.carrier,
                units_by_line(created.lines),
                created.fulfilment_id,
                created.lots,
            )
        )
    return packed


def works_of(
    order: Order, states: Iterable[Fulfilment], shipments: Iterable[PackedUnits]
) -> dict[str, Work]:
    """The fulfilment orders of an order by id, from those that have begun (`states`) and its
    shipments. None of an order that is not confirmed."""
    if order.placed is None or not order.confirmed:
        return {}
    works = _works_of_states(states)
    for shipment in shipments:
        if shipment.status != "cancelled":
            _add_shipment(order, works, shipment)
    for location, units in _allocated(order).items():
        _share(order, works, location, units)
    for work in works.values():
        _count_picked(work)
    return works


def _works_of_states(states: Iterable[Fulfilment]) -> dict[str, Work]:
    works: dict[str, Work] = {}
    for state in states:
        name = fulfilment_name(state.opened.fulfilment_id) if state.opened else None
        if state.opened is not None and name is not None:
            works[state.opened.fulfilment_id] = Work(state.opened.fulfilment_id, name, state)
    return works


def _of(order: Order, works: dict[str, Work], location: str, part: int = 1) -> Work:
    order_id = order.first_event.order_id
    fulfilment_id = fulfilment_id_of(order_id, location, part)
    if fulfilment_id not in works:
        name = FulfilmentName(order_id, location, part)
        works[fulfilment_id] = Work(fulfilment_id, name, Fulfilment())
    return works[fulfilment_id]


def _add_shipment(order: Order, works: dict[str, Work], shipment: PackedUnits) -> None:
    of = fulfilment_name(shipment.fulfilment_id) if shipment.fulfilment_id else None
    work = _of(order, works, shipment.location, of.part if of else 1)
    work.shipments.append(shipment)
    counter = work.shipped if shipment.has_left else work.packed
    for line_id, units in shipment.units.items():
        counter[line_id] = counter.get(line_id, 0) + units


def _allocated(order: Order) -> dict[str, dict[str, int]]:
    """Units that are allocated, by location and `line_id`."""
    at: dict[str, dict[str, int]] = {}
    for line_id, progress in order.lines.items():
        for location, units in progress.allocated_at.items():
            at.setdefault(location, {})[line_id] = units
    return at


def _share(order: Order, works: dict[str, Work], location: str, units: dict[str, int]) -> None:
    """Give the units that are allocated at a location to its fulfilment orders."""
    parts = sorted(
        (w for w in works.values() if w.name.location == location and w.name.part > 1),
        key=lambda work: work.name.part,
    )
    for line_id, left in units.items():
        for part in parts:
            taken = part.packed.get(line_id, 0) + part.shipped.get(line_id, 0)
            own = min(max(0, part.state.claims.get(line_id, 0) - taken), left)
            if own:
                part.open[line_id] = own
                left -= own
        if left:
            _of(order, works, location).open[line_id] = left


def _count_picked(work: Work) -> None:
    """Of the picked units those that are packed are no longer waiting to be."""
    for line_id, picked in work.state.picked.items():
        taken = work.packed.get(line_id, 0) + work.shipped.get(line_id, 0)
        waiting, open_units = max(0, picked - taken), work.open.get(line_id, 0)
        if min(waiting, open_units):
            work.picked[line_id] = min(waiting, open_units)
        if waiting > open_units:
            work.surplus[line_id] = waiting - open_units


OpenStatus = Literal[
    "open",
    "accepted",
    "scheduled",
    "on_hold",
    "picking",
    "picked",
    "packed",
    "ready_for_pickup",
]
FinalStatus = Literal["shipped", "picked_up", "moved", "absorbed", "cancelled"]
"""Statuses that only fulfilment orders have with nothing left to do."""

FulfilmentOrderStatus = Literal[OpenStatus, "rejected", FinalStatus]
"""A rejected one may have units that no other location has, or none any more."""

OPEN_STATUSES: tuple[str, ...] = get_args(OpenStatus)
"""Statuses that only fulfilment orders have with units that have not left."""


def work_status(work: Work, order: Order) -> str:
    """A `FulfilmentOrderStatus`, from the counters and what the work waits for."""
    state = work.state
    if not work.is_open:
        return _final_status(work)
    if not work.open:
        waits = any(each.shipment_id in state.waiting for each in work.unsent)
        return "ready_for_pickup" if waits else "packed"
    if state.rejection is not None:
        return "rejected"
    if state.held is not None or any(hold.applies_to(work.open) for hold in order.holds.values()):
        return "on_hold"
    if state.not_before is not None or order.scheduled:
        return "scheduled"
    if not work.unpicked:
        return "picked"
    if work.picked:
        return "picking"
    return "accepted" if state.accepted else "open"


def _final_status(work: Work) -> str:
    if work.shipped:
        by_buyer = all(each.carrier == PICKUP for each in work.shipments)
        return "picked_up" if by_buyer else "shipped"
    return work.state.ended or "cancelled"


def is_late(work: Work, order: Order, now: datetime) -> bool:
    """Whether units are left that should have left by now."""
    return work.is_open and order.ship_by < now
