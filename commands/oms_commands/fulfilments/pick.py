"""Picking the units of a fulfilment order from the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.fulfilments._fields import PickedLineFields
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand, rerouting_refs
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.blocks import require_pickable
from oms_ledger.domain.fulfilments.events import FulfilmentPicked, PickedLine
from oms_ledger.domain.fulfilments.lots import require_lots
from oms_ledger.domain.fulfilments.rules import (
    FulfilmentTarget,
    existing_target,
    opening_events,
    require_work,
    wanted_units,
    with_put_back,
)
from oms_ledger.domain.fulfilments.short_picks import short_pick
from oms_ledger.domain.guards import line_quantities, quantities, stock_of_lines
from oms_ledger.domain.identifiers import fulfilment_name
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PickFulfilment(FulfilmentCommand):
    """Pick units of a fulfilment order: all that are left to pick, or `lines`.

    Fewer units of a line than are left to pick is a short pick: the rest is not on the shelf. It is
    taken off the stock here, unless `write_off` is false, and routed anew; what no other location
    has is backordered. With `partial` the rest is picked later instead. Units of a `lot` that is
    named leave it when their shipment is dispatched; refused with `lot_unavailable` where the stock
    is kept by lots and has too few of it.
    """

    name: ClassVar[str] = "PickFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/pick")
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"line_id": "1", "quantity": 4, "lot": "L-2026-11"}]
    }

    fulfilment_id: Id
    lines: Annotated[tuple[PickedLineFields, ...], Field(min_length=1, max_length=2000)] | None = (
        None
    )
    partial: bool = False
    write_off: bool = True
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _picks_something(self) -> PickFulfilment:
        if self.partial and self.lines and not any(line.quantity for line in self.lines):
            raise ValueError("lines: with `partial`, write at least one unit that is picked")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [*FulfilmentCommand.reads(self, ctx, given)]
        if self.lines is None:
            return refs
        name = fulfilment_name(self.fulfilment_id)
        with_lots = {line.line_id for line in self.lines if line.lot is not None}
        if name is not None and with_lots:
            refs += stock_of_lines(given.state(Order, name.order_id), with_lots)
        if self.partial:
            return refs
        return [*refs, *rerouting_refs(self.fulfilment_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "picked")
        require_pickable(target.work, target.order, ctx.now)
        if not target.work.unpicked:
            raise illegal_transition(
                "The fulfilment order", "picked", "picked again", "Pack it with POST .../pack."
            )
        picked = self._picked(target)
        at = self.occurred_at or ctx.now
        require_lots(target.order, target.work.name.location, picked, at, given)
        short = {} if self.partial else self._short(target)
        event = FulfilmentPicked(self.fulfilment_id, tuple(picked), quantities(short.items()))
        changes = [*opening_events(target), Change(event)]
        if short:
            changes += short_pick(target, short, ctx, given, write_off=self.write_off)
        return dated(
            with_put_back(changes, target.order, target.works.values()),
            self.occurred_at,
            ctx,
        )

    def _picked(self, target: FulfilmentTarget) -> list[PickedLine]:
        order, unpicked = target.order, target.work.unpicked
        if self.lines is None:
            return [PickedLine(each, order.lines[each].line.sku, n) for each, n in unpicked.items()]
        units = line_quantities(self.lines, order)
        wanted_units(units, unpicked, order, "left to pick")
        return [
            PickedLine(line.line_id, order.lines[line.line_id].line.sku, line.quantity, fields.lot)
            for line, fields in zip(units, self.lines, strict=True)
            if line.quantity
        ]

    def _short(self, target: FulfilmentTarget) -> dict[str, int]:
        """Units of the lines that were named which are left to pick and were not there."""
        rest = {
            line.line_id: target.work.unpicked.get(line.line_id, 0) for line in self.lines or ()
        }
        for line in line_quantities(self.lines or (), target.order):
            rest[line.line_id] -= line.quantity
        return {line_id: units for line_id, units in rest.items() if units}
