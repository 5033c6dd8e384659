"""Handing a shipment to its carrier: here the stock leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.fulfilment._fields import (
    Force,
    LineSerials,
    PickedLot,
    check_force,
    named_lots,
    named_serials,
)
from oms_ledger.domain.catalogue.state import product_refs
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.gate import require_unblocked
from oms_ledger.domain.fulfilment.rules import correct_date, dispatch, stock_in
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.traceability import serial_keys, serials_shipped, stock_shipped
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.fulfilments.blocks import held_work_refs, hold_of_work
from oms_ledger.domain.guards import existing_order, existing_shipment
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.lots.state import Serial
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated, refuse_future
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class DispatchShipment(Command):
    """Hand a shipment to its carrier. Its units leave the stock.

    `occurred_at` is when it really left, if that was earlier; `simulated` marks dates that
    were made up, as an import of old orders may do. Of a shipment that has left, another
    `occurred_at` corrects the date of its dispatch.

    It is refused with `ship_blocked`, naming each block, while a hold applies to it, or what is due
    is neither paid nor authorised and its channel ships nothing unpaid; `force` with a `reason`
    sends it all the same, and is on record.

    Where the stock is kept by lots, those leave first that expire first, unless `lots` names
    others; it is refused with `lot_unavailable` where only blocked or expired lots are left.
    `serials` are the serial numbers of units: each leaves once, until it comes back.
    """

    name: ClassVar[str] = "DispatchShipment"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/dispatch")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "tracking_number": "JD0002",
        "occurred_at": "2026-01-06T15:00:00Z",
    }

    shipment_id: Id
    tracking_number: Id | None = None
    occurred_at: OccurredAt = None
    simulated: bool = False
    force: Force = False
    reason: Reason | None = None
    lots: Annotated[tuple[PickedLot, ...], Field(max_length=2000)] = ()
    serials: Annotated[tuple[LineSerials, ...], Field(max_length=2000)] = ()

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> DispatchShipment:
        check_force(self.reason, force=self.force)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Shipment, self.shipment_id)]
        created = given.state(Shipment, self.shipment_id).created
        if created is not None:
            refs.append((Order, created.order_id))
            units = stock_in(created, given.state(Order, created.order_id))
            refs += [(StockLevel, stock_key(sku, place)) for _, sku, place, _ in units]
            refs += [(Serial, key) for key in serial_keys(created, named_serials(self.serials))]
            refs += held_work_refs(created, given)
            for lot in self.lots:
                refs += product_refs(lot.sku) if lot.sku else []
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        if shipment.status not in ("created", "labelled"):
            return self._corrected(shipment, created, ctx, given)
        order = existing_order(given, created.order_id)
        line_ids = {line.line_id for line in created.lines}
        blocks = hold_of_work(created, given)
        override = require_unblocked(order, line_ids, self.reason, given, blocks)
        at, stock = self.occurred_at or ctx.now, stock_in(created, order)
        left = stock_shipped(created, stock, named_lots(self.lots, order, given), day_of(at), given)
        changes = dispatch(
            created,
            at,
            left,
            tracking_number=self.tracking_number,
            simulated=self.simulated,
            override=override,
        )
        if self.serials:
            changes += serials_shipped(created, stock, named_serials(self.serials), given)
        return dated(changes, self.occurred_at, ctx)

    def _corrected(
        self, shipment: Shipment, created: ShipmentCreated, ctx: Context, given: Given
    ) -> Sequence[Change]:
        """The correction of the date of a shipment that has left, if that is all that is new."""
        same_number = self.tracking_number in (None, shipment.tracking_number)
        corrects = self.occurred_at is not None and same_number and not self.simulated
        if self.occurred_at is None or not corrects or shipment.status == "cancelled":
            raise illegal_transition(
                "The shipment",
                shipment.status,
                "dispatched",
                "That happens once. Another `occurred_at` alone corrects the date of a dispatch.",
            )
        refuse_future(self.occurred_at, ctx)
        stock = stock_in(created, given.state(Order, created.order_id))
        return correct_date(shipment, created, "dispatched_at", self.occurred_at, stock)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, self.shipment_id))
