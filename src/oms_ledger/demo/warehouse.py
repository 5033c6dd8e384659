"""The warehouse of the demo: deliveries that were announced, a lot, a transfer, a count, serial
numbers, and a day on which Leeds works through its queue step by step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import TypeAdapter

from oms_commands.catalogue.put_product import PutProduct
from oms_commands.counts.approve import ApproveCount
from oms_commands.counts.create import CreateCount
from oms_commands.counts.record import RecordCount
from oms_commands.fulfilment._fields import LineSerials
from oms_commands.fulfilments._fields import PickedLineFields
from oms_commands.fulfilments.accept import AcceptFulfilment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_commands.fulfilments.reject import RejectFulfilment
from oms_commands.inbound.create import CreateInbound
from oms_commands.inbound.receive import ReceiveInbound
from oms_commands.orders.tag import TagOrder
from oms_commands.transfers.create import CreateTransfer
from oms_commands.transfers.receive import ReceiveTransfer
from oms_commands.transfers.ship import ShipTransfer
from oms_ledger.demo.shop import LOCATIONS, Story
from oms_ledger.demo.shop_state import Day, PackedParcel, ScheduledCommand, ShopState
from oms_ledger.domain.identifiers import fulfilment_id_of
from oms_ledger.kernel import Command

WAREHOUSE, _, STORE = (location.code for location in LOCATIONS)
WORKED = timedelta(days=3)
"""The day on which the queue is worked through began so long before the end."""

REROUTED = "rerouted"
"""The tag of orders of which the first warehouse could not send all."""

ACCEPT_BEFORE, PICK_BEFORE = timedelta(minutes=50), timedelta(minutes=30)
"""Before the units of an order are packed."""

PLENTY = 30
"""Opening units of the second warehouse, from which it can send what the first one lacks."""

LOT_SKU, LOT, LOT_DAYS = "SEEDS-MEAD", "MEAD-24", 400
"""Seeds of a lot, which can be used for so many days."""

CARTON, CARTONS, MOVED, COUNTED = "CARTON-M", 200, 40, 38
"""Packing material: so many come, so many go on to the store, where so many are counted."""

EXPECTED_SKU, EXPECTED_UNITS = "LANTERN-S", 24
"""What is expected when the days are over."""

NUMBERED = ("CLOCK-BRS", "LAMP-CLAY")
"""Goods whose units have serial numbers."""


def receive_announced(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Goods that suppliers have announced: seeds of a lot and cartons, which come five days later,
    and lanterns, which are still expected at the end."""
    announced, came, ordered = (state.before_end(days=days) for days in (25, 20, 2))
    if day.has(announced):
        carton = PutProduct(sku=CARTON, title="Carton, medium", weight_g=180)
        yield ScheduledCommand(announced, f"product:{CARTON}", carton)
        seeds = {"sku": LOT_SKU, "quantity": 120}
        cartons = {"sku": CARTON, "quantity": CARTONS, "unit_cost": "0.31", "currency": "GBP"}
        create = _command(
            CreateInbound,
            location=WAREHOUSE,
            expected_at=came,
            supplier="Meadow & Daughters",
            reference="PO-2041",
            lines=[seeds, cartons],
        )
        yield ScheduledCommand(announced, "inbound:announce", create)
    if day.has(came):
        seeds = {"sku": LOT_SKU, "quantity": 118, "damaged": 2, "lot": LOT}
        expires_on = (came + timedelta(days=LOT_DAYS)).date().isoformat()
        receive = _command(
            ReceiveInbound,
            inbound_id=state.id_of("inbound:announce", "inbound_id"),
            lines=[{**seeds, "expires_on": expires_on}, {"sku": CARTON, "quantity": CARTONS}],
            close=True,
        )
        yield ScheduledCommand(came, "inbound:receive", receive)
    if day.has(ordered):
        soon = _command(
            CreateInbound,
            location=WAREHOUSE,
            expected_at=ordered + timedelta(days=9),
            supplier="Lantern Works",
            reference="PO-2067",
            lines=[{"sku": EXPECTED_SKU, "quantity": EXPECTED_UNITS}],
        )
        yield ScheduledCommand(ordered, "inbound:soon", soon)


def plan(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """A transfer of cartons to the store, and a count there."""
    moved, counted = state.before_end(days=18), state.before_end(days=10)
    if day.has(moved):
        transfer = _command(
            CreateTransfer,
            from_location=WAREHOUSE,
            to_location=STORE,
            lines=[{"sku": CARTON, "quantity": MOVED}],
            expected_at=moved + timedelta(days=1),
        )
        yield ScheduledCommand(moved, "transfer:plan", transfer)
    if day.has(counted):
        count = CreateCount(location=STORE, skus=(CARTON,), reference="monthly count")
        yield ScheduledCommand(counted, "count:plan", count)


def carry_out(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """What was planned: the cartons leave, and arrive on the day after with one crushed; of those
    that are counted later, two are missing."""
    moved, counted = state.before_end(days=18, hours=-2), state.before_end(days=10, hours=-1)
    transfer_id = state.id_of("transfer:plan", "transfer_id")
    if day.has(moved):
        yield ScheduledCommand(moved, "transfer:ship", ShipTransfer(transfer_id=transfer_id))
    arrived = moved + timedelta(days=1)
    if day.has(arrived):
        crushed = {"damaged": 1, "reason": "crushed in the van"}
        receive = _command(
            ReceiveTransfer,
            transfer_id=transfer_id,
            lines=[{"sku": CARTON, "quantity": MOVED, **crushed}],
        )
        yield ScheduledCommand(arrived, "transfer:receive", receive)
    if day.has(counted):
        count_id = state.id_of("count:plan", "count_id")
        lines = [{"sku": CARTON, "counted": COUNTED}]
        record = _command(RecordCount, count_id=count_id, lines=lines)
        yield ScheduledCommand(counted, "count:record", record)
        approve = ApproveCount(count_id=count_id)
        yield ScheduledCommand(counted + timedelta(minutes=5), "count:approve", approve)


def pick(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """The queue is accepted and picked. Of one order a unit is not on the shelf, and one order is
    rejected: these units come from elsewhere."""
    queue = _queue(state, day)
    for story, at in queue.orders:
        work = fulfilment_id_of(state.order_id(story), WAREHOUSE)
        key = f"{story.external_id}:work"
        if story is queue.rejected:
            reject = RejectFulfilment(fulfilment_id=work, reason="conveyor broken")
            yield ScheduledCommand(at - PICK_BEFORE, f"{key}:reject", reject)
            continue
        accept = AcceptFulfilment(fulfilment_id=work)
        yield ScheduledCommand(at - ACCEPT_BEFORE, f"{key}:accept", accept)
        lines = None
        if story is queue.short:
            (first, units), *others = state.packable[story.number][WAREHOUSE].items()
            there = [(first, units - 1), *others]
            lines = tuple(PickedLineFields(line_id, units) for line_id, units in there)
        picked = PickFulfilment(fulfilment_id=work, lines=lines)
        yield ScheduledCommand(at - PICK_BEFORE, f"{key}:pick", picked)


def tag_rerouted(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """The two orders whose units come from elsewhere; the answers say from where."""
    queue = _queue(state, day)
    for story, at in queue.orders:
        if story in (queue.short, queue.rejected):
            tag = TagOrder(order_id=state.order_id(story), add=(REROUTED,))
            yield ScheduledCommand(at - PICK_BEFORE, f"{story.external_id}:tag", tag, story)


def pack_picked(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for story, at in _queue(state, day).orders:
        work = fulfilment_id_of(state.order_id(story), WAREHOUSE)
        packed = PackFulfilment(fulfilment_id=work)
        yield ScheduledCommand(at, f"{story.external_id}:work:pack", packed, story)


def serials_of(parcel: PackedParcel) -> tuple[LineSerials, ...]:
    """The serial numbers of the units in a parcel that have some."""
    series = f"{parcel.story.number:05d}{parcel.ordinal}"
    return tuple(
        LineSerials(
            line.line_id,
            tuple(f"{series}-{line.line_id}-{n}" for n in range(1, line.quantity + 1)),
        )
        for line in parcel.lines
        if line.sku in NUMBERED
    )


class _Queue(NamedTuple):
    """The orders that the first warehouse packs on the day of the queue, and when. Of `short` a
    unit is missing; all of `rejected` is sent from elsewhere."""

    orders: list[tuple[Story, datetime]]
    short: Story | None
    rejected: Story | None


def _queue(state: ShopState, day: Day) -> _Queue:
    if day.opens != state.until - WORKED:
        return _Queue([], None, None)
    orders = [
        (story, at)
        for story in state.placed_stories()
        if story.fate == "usual" and state.packable[story.number].get(WAREHOUSE)
        if day.has(at := state.packing_at(story, WAREHOUSE))
    ]
    elsewhere = [story for story, _ in orders if _is_elsewhere(state, story)]
    short, rejected = (*elsewhere, None, None)[:2]
    return _Queue(orders, short, rejected)


def _is_elsewhere(state: ShopState, story: Story) -> bool:
    """Whether the second warehouse has plenty of all that the first one is to send."""
    lines = {str(n): good for n, (good, _) in enumerate(story.lines, 1)}
    here = state.packable[story.number][WAREHOUSE]
    return all(lines[line_id].stock[1] >= PLENTY for line_id in here)


def _command(kind: type[Command], **fields: object) -> Command:
    """A command from its fields as a request has them."""
    return TypeAdapter(kind).validate_python(fields)
