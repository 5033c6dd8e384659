"""Reserving stock for a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Text
from oms_commands.reservations._fields import ReservationLineFields, Seconds, expiry
from oms_ledger.domain.catalogue.state import (
    Location,
    Product,
    product_refs,
    quantity_of,
    stored_sku,
)
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.reservations.answers import ReservationStatusAnswer
from oms_ledger.domain.reservations.events import ReservationCreated, ReservationLine
from oms_ledger.domain.reservations.rules import stock_held, units_to_hold
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.reservations.views import reservation_view
from oms_ledger.domain.stock.rules import stock_skus, wanted_refs
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CreateReservation(Command):
    """Hold stock for a time, for an order that may follow: all of it, or refuse and hold nothing.

    What is held is not available to others. `PlaceOrder` with its `reservation_id` gets it; if
    nothing does within `expires_in_s` seconds it is free again by itself. With `channel` only an
    order of this channel can use it.
    """

    name: ClassVar[str] = "CreateReservation"
    route: ClassVar[Route] = Route("POST", "/v1/reservations", 201)
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = ReservationStatusAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"sku": "85123A", "quantity": 2}],
        "expires_in_s": 900,
        "reference": "basket-77",
        "channel": "web",
    }

    lines: Annotated[tuple[ReservationLineFields, ...], Field(min_length=1, max_length=2000)]
    expires_in_s: Seconds
    reference: Text | None = None
    channel: Code | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = []
        for line in self.lines:
            if not line.sku.isascii():
                refs += product_refs(line.sku)
            refs += wanted_refs(stored_sku(line.sku, given), given)
            if line.location is not None:
                refs.append((Location, line.location))
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        for line in self.lines:
            if line.location is not None:
                require_location(given, line.location)
        lines = tuple(
            ReservationLine(
                sku, quantity_of(line.quantity, sku, given, f"lines.{n}.quantity"), line.location
            )
            for n, line in enumerate(self.lines)
            for sku in [stored_sku(line.sku, given)]
        )
        skus = [sku for line in lines for sku in (line.sku, *stock_skus(line.sku, given))]
        created = ReservationCreated(
            ctx.command_id,
            lines,
            units_to_hold(lines, self.channel or "", given),
            expiry(self.expires_in_s, ctx),
            self.reference,
            self.channel,
            any(given.state(Product, sku).sensitive for sku in skus),
        )
        return [Change(created), *stock_held(created)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return reservation_view(given.state(Reservation, ctx.command_id))
