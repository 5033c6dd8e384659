"""The state of the sample shop, kept from the answers to its commands: where the units of each
order are, and in which parcels they were packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_ledger.demo.shop import Delivery, Story
from oms_ledger.kernel import Command, Json

View = Mapping[str, Json]
"""An order or a shipment, as a command about it answers."""

Units = dict[str, dict[str, int]]
"""Units of an order that can be packed: location, then line."""

PACKING_DELAYS = {"LEEDS": timedelta(), "BRISTOL": timedelta(hours=3), "YORK": timedelta(hours=6)}
"""By location, how long after the planned time the units of an order are packed there."""

OPENING = timedelta(hours=9)
"""When the warehouse opens."""

OWN_DELIVERY_LOCATION = "YORK"
"""Parcels from here are delivered by the shop itself, without scans."""

PUTAWAY_TIME = timedelta(hours=3)
"""From the arrival of a delivery until its goods can be packed."""


class Day(NamedTuple):
    """A day from `opens` (inclusive) to `closes` (exclusive), UTC."""

    opens: datetime
    closes: datetime

    def has(self, at: datetime) -> bool:
        return self.opens <= at < self.closes


class ScheduledCommand(NamedTuple):
    """A command, its idempotency key, and the time at which the shop sends it."""

    at: datetime
    key: str
    command: Command
    story: Story | None = None


class PackedLine(NamedTuple):
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PackedParcel:
    """A shipment of the order of `story`; `ordinal` counts the shipments of one order, from 1."""

    story: Story
    ordinal: int
    shipment_id: str
    location: str
    lines: tuple[PackedLine, ...]
    packed_at: datetime

    @property
    def key(self) -> str:
        return f"{self.story.external_id}:{self.ordinal}"

    @property
    def tracking_number(self) -> str:
        return f"FK{self.story.number:06d}{self.ordinal}GB"

    @property
    def labelled_at(self) -> datetime:
        return self.packed_at + (self.shipped_at - self.packed_at) / 2

    @property
    def shipped_at(self) -> datetime:
        return self.packed_at + (self.story.shipped_at - self.story.packed_at)

    @property
    def delivered_at(self) -> datetime:
        return self.shipped_at + (self.story.delivered_at - self.story.shipped_at)

    @property
    def scanned(self) -> bool:
        """Whether a carrier delivers it."""
        return self.location != OWN_DELIVERY_LOCATION

    @property
    def repacked(self) -> bool:
        """Whether its shipment is cancelled and another one packed."""
        return self.story.fate == "repacked" and self.ordinal == 1


@dataclass(slots=True)
class ShopState:
    """What has happened in the shop so far, of the days that end at `until`. `deliveries` are those
    of suppliers, with their dates. `answers` are those to commands of no story, by their keys.
    `orders`, `packable` units, `ready_at` (when backordered units can be packed) and `holds`,
    `payments`, `returns`, `replacements` (orders of exchanges) and `replacement_parcels` (their
    ids) have the number of the story as key; `queued` are the external ids of queued orders."""

    stories: Sequence[Story]
    deliveries: Sequence[tuple[datetime, Delivery]]
    until: datetime
    orders: dict[int, View] = field(default_factory=dict)
    packable: dict[int, Units] = field(default_factory=dict)
    ready_at: dict[int, datetime] = field(default_factory=dict)
    holds: dict[int, str] = field(default_factory=dict)
    payments: dict[int, str] = field(default_factory=dict)
    returns: dict[int, str] = field(default_factory=dict)
    replacements: dict[int, str] = field(default_factory=dict)
    replacement_parcels: dict[int, str] = field(default_factory=dict)
    parcels: list[PackedParcel] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    answers: dict[str, View] = field(default_factory=dict)

    def record(self, scheduled: ScheduledCommand, answer: View) -> None:
        """Take over the answer to a command."""
        story, command = scheduled.story, scheduled.command
        if story is None:
            self.answers[scheduled.key] = answer
            return
        if isinstance(command, CreateShipment) and (
            command.order_id == self.replacements.get(story.number)
        ):
            self.replacement_parcels[story.number] = str(answer["shipment_id"])
        elif isinstance(command, (CreateShipment, PackFulfilment)):
            self._packed(story, scheduled.at, answer)
        elif isinstance(command, CancelShipment):
            self._unpacked(story, answer)
        elif "return_id" in answer:
            self.returns[story.number] = str(answer["return_id"])
            if answer["replacement_order_id"]:
                self.replacements[story.number] = str(answer["replacement_order_id"])
        elif "payment_id" in answer:
            self.payments[story.number] = str(answer["payment_id"])
        elif "order_number" in answer and "shipment_id" not in answer:
            self.orders[story.number] = answer
            self.packable[story.number] = _packable(answer)
        if isinstance(command, AllocateBackorders):
            self.ready_at[story.number] = scheduled.at + PUTAWAY_TIME
        if "hold_id" in answer:
            self.holds[story.number] = str(answer["hold_id"])

    def id_of(self, key: str, field: str) -> str:
        """The id in the answer to a command of no story; empty where it was not sent yet."""
        return str(self.answers.get(key, {}).get(field, ""))

    def before_end(self, *, days: int, hours: int = 0) -> datetime:
        """So long before the opening of the warehouse on the day after the last."""
        return self.until + OPENING - timedelta(days=days, hours=hours)

    def order_id(self, story: Story) -> str:
        return str(self.orders[story.number]["order_id"])

    def placed_stories(self) -> list[Story]:
        """The stories whose orders have been placed."""
        return [story for story in self.stories if story.number in self.orders]

    def parcels_of(self, story: Story) -> list[PackedParcel]:
        return [parcel for parcel in self.parcels if parcel.story is story]

    def packing_at(self, story: Story, location: str) -> datetime:
        """When the units that an order has at a location are packed."""
        usual = story.packed_at + PACKING_DELAYS[location]
        return max(usual, self.ready_at.get(story.number, usual))

    def backordered(self, story: Story) -> dict[str, int]:
        """Backordered units by SKU."""
        units: dict[str, int] = {}
        for line in lines_of(self.orders[story.number]):
            sku, backordered = str(line["sku"]), cast("int", line["backordered"])
            if backordered:
                units[sku] = units.get(sku, 0) + backordered
        return units

    def _packed(self, story: Story, at: datetime, shipment: View) -> None:
        lines = tuple(
            PackedLine(str(line["line_id"]), str(line["sku"]), cast("int", line["quantity"]))
            for line in lines_of(shipment)
        )
        location = str(shipment["location"])
        ordinal = len(self.parcels_of(story)) + 1
        shipment_id = str(shipment["shipment_id"])
        self.parcels.append(PackedParcel(story, ordinal, shipment_id, location, lines, at))
        here = self.packable[story.number][location]
        for line in lines:
            here[line.line_id] -= line.quantity
            if not here[line.line_id]:
                del here[line.line_id]

    def _unpacked(self, story: Story, shipment: View) -> None:
        here = self.packable[story.number].setdefault(str(shipment["location"]), {})
        for line in lines_of(shipment):
            line_id = str(line["line_id"])
            here[line_id] = here.get(line_id, 0) + cast("int", line["quantity"])


def lines_of(view: View) -> Sequence[View]:
    return cast("Sequence[View]", view["lines"])


def _packable(order: View) -> Units:
    units: Units = {}
    for line in lines_of(order):
        for allocation in cast("Sequence[View]", line["allocations"]):
            here = units.setdefault(str(allocation["location"]), {})
            here[str(line["line_id"])] = cast("int", allocation["quantity"])
    return units
