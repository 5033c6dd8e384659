"""The buyer takes the goods at their location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.fulfilment._fields import Force, check_force
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.gate import require_unblocked
from oms_ledger.domain.fulfilment.rules import deliver, dispatch, stock_in
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.traceability import UsedLots, stock_shipped
from oms_ledger.domain.fulfilments.blocks import hold_of_work
from oms_ledger.domain.fulfilments.events import FulfilmentPickedUp
from oms_ledger.domain.fulfilments.rules import existing_target
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.fulfilments.work import work_status
from oms_ledger.domain.guards import existing_shipment
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RecordFulfilmentPickup(FulfilmentCommand):
    """Record that the buyer has taken the goods that were ready: they are shipped and delivered.

    Refused with `ship_blocked` as a dispatch would be, unless `force` with a `reason` overrides it.
    """

    name: ClassVar[str] = "RecordFulfilmentPickup"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/picked_up")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id
    occurred_at: OccurredAt = None
    force: Force = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> RecordFulfilmentPickup:
        check_force(self.reason, force=self.force)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [*FulfilmentCommand.reads(self, ctx, given)]
        for shipment_id in given.state(Fulfilment, self.fulfilment_id).waiting:
            created = given.state(Shipment, shipment_id).created
            if created is not None:
                units = stock_in(created, given.state(Order, created.order_id))
                refs += [(StockLevel, stock_key(sku, place)) for _, sku, place, _ in units]
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        waiting = [
            each.shipment_id
            for each in target.work.unsent
            if each.shipment_id in target.work.state.waiting
        ]
        if not waiting:
            raise illegal_transition(
                "The fulfilment order",
                work_status(target.work, target.order),
                "picked up",
                "Put its goods aside with POST .../ready_for_pickup first.",
            )
        at = self.occurred_at or ctx.now
        changes: list[Change] = []
        used: UsedLots = {}
        shipments = [existing_shipment(given, each)[1] for each in waiting]
        # Those with named lots first, before others take units of these lots.
        for created in sorted(shipments, key=lambda each: not each.lots):
            shipment_id = created.shipment_id
            lines = {line.line_id for line in created.lines}
            blocks = hold_of_work(created, given)
            override = require_unblocked(target.order, lines, self.reason, given, blocks)
            stock = stock_in(created, target.order)
            left = stock_shipped(created, stock, {}, day_of(at), given, used)
            changes += [
                *dispatch(created, at, left, override=override),
                *deliver(created, at, None),
                Change(FulfilmentPickedUp(self.fulfilment_id, shipment_id)),
            ]
        return dated(changes, self.occurred_at, ctx)
