"""Noting that a shipment has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.rules import correct_date, deliver, require_under_way
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.guards import existing_shipment, shipment_refs
from oms_ledger.domain.times import refuse_future
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class DeliverShipment(Command):
    """Note that a shipment was delivered; `occurred_at` is when, if that was earlier.

    Of a delivered shipment another date corrects the one before, unless it is `simulated`.
    """

    name: ClassVar[str] = "DeliverShipment"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/deliver")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"occurred_at": "2026-01-07T10:12:00Z"}

    shipment_id: Id
    occurred_at: OccurredAt = None
    simulated: bool = False

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return shipment_refs(self.shipment_id, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        require_under_way(shipment, "delivered")
        refuse_future(self.occurred_at, ctx)
        if shipment.status == "delivered":
            if self.occurred_at is None or self.simulated:
                return ()
            return correct_date(shipment, created, "delivered_at", self.occurred_at)
        at = self.occurred_at or ctx.now
        return deliver(created, at, self.occurred_at, self.simulated)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, self.shipment_id))
