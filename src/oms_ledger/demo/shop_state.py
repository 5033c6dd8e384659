"""What the shop knows so far, from the answers it got: where each order's units are, and which
parcels were made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_ledger.demo.shop import Delivery, Story
from oms_ledger.kernel import Command, Json

View = Mapping[str, Json]
"""An order or a shipment as commands about it answer."""

Units = dict[str, dict[str, int]]
"""Units of an order that can be packed: location, then line."""

HEAD_START = {"LEEDS": timedelta(), "BRISTOL": timedelta(hours=3), "YORK": timedelta(hours=6)}
"""How much later than in Leeds an order's units are packed elsewhere."""

UNPACKING = timedelta(hours=3)
"""From a delivery's arrival until its goods can be packed."""


class Day(NamedTuple):
    """From `opens` (inclusive) to `closes` (exclusive), UTC."""

    opens: datetime
    closes: datetime

    def has(self, at: datetime) -> bool:
        return self.opens <= at < self.closes


class ScheduledCommand(NamedTuple):
    """A command, the key under which it happens once, and when the shop asks it."""

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
    """A shipment of a story's units; `ordinal` counts those of one order, from 1."""

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
    def repacked(self) -> bool:
        """Whether it is opened again before it leaves."""
        return self.story.fate == "repacked" and self.ordinal == 1


@dataclass(slots=True)
class ShopState:
    """`deliveries` are dated; `orders` and the rest go by the story's number."""

    stories: Sequence[Story]
    deliveries: Sequence[tuple[datetime, Delivery]]
    orders: dict[int, View] = field(default_factory=dict)
    packable: dict[int, Units] = field(default_factory=dict)
    ready_at: dict[int, datetime] = field(default_factory=dict)
    holds: dict[int, str] = field(default_factory=dict)
    parcels: list[PackedParcel] = field(default_factory=list)

    def note(self, asked: ScheduledCommand, answer: View) -> None:
        """Book what a command of a story was answered with."""
        story, command = asked.story, asked.command
        if story is None:
            return
        if isinstance(command, CreateShipment):
            self._packed(story, asked.at, answer)
        elif isinstance(command, CancelShipment):
            self._unpacked(story, answer)
        elif "order_number" in answer and "shipment_id" not in answer:
            self.orders[story.number] = answer
            self.packable[story.number] = _packable(answer)
        if isinstance(command, AllocateBackorders):
            self.ready_at[story.number] = asked.at + UNPACKING
        if "hold_id" in answer:
            self.holds[story.number] = str(answer["hold_id"])

    def order_id(self, story: Story) -> str:
        return str(self.orders[story.number]["order_id"])

    def known(self) -> list[Story]:
        """The stories whose orders have been placed."""
        return [story for story in self.stories if story.number in self.orders]

    def parcels_of(self, story: Story) -> list[PackedParcel]:
        return [parcel for parcel in self.parcels if parcel.story is story]

    def packing_at(self, story: Story, location: str) -> datetime:
        """When the units that an order has at a location are packed."""
        usual = story.packed_at + HEAD_START[location]
        return max(usual, self.ready_at.get(story.number, usual))

    def waiting(self, story: Story) -> dict[str, int]:
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
        made = PackedParcel(story, ordinal, str(shipment["shipment_id"]), location, lines, at)
        self.parcels.append(made)
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
