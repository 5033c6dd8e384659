"""A few commands on the real stock states, to test the engine without the shop's commands."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.stock.events import StockAllocated, StockReceived, StockStreamEvent
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Command, Context, Event, Given, Json, KeyGroup, Ref, Route

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_ids = itertools.count(1)


def context(actor: str = "test") -> Context:
    command_id = f"command-{next(_ids)}"
    return Context(NOW, command_id, actor, command_id, command_id, "token")


@dataclass(frozen=True, slots=True)
class StockCommand(Command):
    route: ClassVar[Route] = Route("POST", "/toy")
    scope: ClassVar[str] = "stock:write"
    sku: str
    quantity: int

    @property
    def key(self) -> str:
        return f"{self.sku}@A"

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(StockLevel, self.key)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        stock = given.state(StockLevel, self.key)
        return {"sku": self.sku, "on_hand": stock.on_hand, "allocated": stock.allocated}


@dataclass(frozen=True, slots=True)
class Receive(StockCommand):
    """Put units on the shelf."""

    name: ClassVar[str] = "Receive"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = StockReceived(self.sku, "A", self.quantity)
        return [Change(event)]


@dataclass(frozen=True, slots=True)
class Take(StockCommand):
    """Allocate units, one event each, or refuse."""

    name: ClassVar[str] = "Take"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if given.state(StockLevel, self.key).free < self.quantity:
            raise Refused("not enough", code="insufficient_stock")
        event = StockAllocated(self.sku, "A", 1, ctx.command_id, "1")
        return [Change(event)] * self.quantity


@dataclass(frozen=True, slots=True)
class TakeAnywhere(StockCommand):
    """Allocate one unit at the first location that has one. The stock to read depends on the
    locations that exist."""

    name: ClassVar[str] = "TakeAnywhere"

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(StockLevel, f"{self.sku}@{place}") for place in _places(given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        for place in _places(given):
            key = f"{self.sku}@{place}"
            if given.state(StockLevel, key).free:
                event = StockAllocated(self.sku, place, 1, ctx.command_id, "1")
                return [Change(event)]
        raise Refused("nowhere", code="insufficient_stock")

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {"sku": self.sku}


def _places(given: Given) -> list[str]:
    return sorted(place.defined.code for place in given.all(Location) if place.defined)


@dataclass(frozen=True, slots=True)
class Open(Command):
    """Define a location and put units there."""

    name: ClassVar[str] = "Open"
    route: ClassVar[Route] = Route("POST", "/toy")
    scope: ClassVar[str] = "stock:write"
    code: str
    sku: str
    quantity: int

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Location, self.code), (StockLevel, f"{self.sku}@{self.code}")]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        defined = LocationDefined(self.code, self.code, "warehouse", Site(), 1, None)
        received = StockReceived(self.sku, self.code, self.quantity)
        return [
            Change(defined),
            Change(received),
        ]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {"code": self.code}


@dataclass(frozen=True, slots=True)
class Broken(StockCommand):
    """A rule with a bug: it raises what no rule may raise."""

    name: ClassVar[str] = "Broken"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        raise ZeroDivisionError("a bug")


class Misplaced(StockStreamEvent, frozen=True):
    """An event that claims a stream whose state does not know it."""

    type: ClassVar[str] = "stock.misplaced.v1"
    sku: str
    location: str


@dataclass(frozen=True, slots=True)
class HalfBroken(StockCommand):
    """A worse bug: its first event is right, its second does not belong to the stream."""

    name: ClassVar[str] = "HalfBroken"

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        wrong: Event = Misplaced(self.sku, "A")
        right = StockReceived(self.sku, "A", self.quantity)
        return [Change(e) for e in (right, wrong)]


@dataclass(frozen=True, slots=True)
class Sweep(StockCommand):
    """Allocate all free units of the SKU, wherever they are: reads the group of its stock."""

    name: ClassVar[str] = "Sweep"

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(StockLevel, KeyGroup(f"{self.sku}@"))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return [
            Change(StockAllocated(self.sku, place, stock.free, ctx.command_id, "1"))
            for place, stock in sorted(given.group(StockLevel, f"{self.sku}@").items())
            if stock.free
        ]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        group = given.group(StockLevel, f"{self.sku}@")
        return {place: stock.allocated for place, stock in sorted(group.items())}
