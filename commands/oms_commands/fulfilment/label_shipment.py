"""Labelling a shipment. The manual carrier's label is the number written on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.events import ShipmentLabelled
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.guards import existing_shipment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class LabelShipment(Command):
    """Note that a shipment has its label, and its tracking number if it has one."""

    name: ClassVar[str] = "LabelShipment"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/label")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    shipment_id: Id
    tracking_number: Id | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Shipment, self.shipment_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, _ = existing_shipment(given, self.shipment_id)
        if shipment.status not in ("created", "labelled"):
            raise illegal_transition(
                "The shipment", shipment.status, "labelled", "Label it before it is dispatched."
            )
        if shipment.status == "labelled" and shipment.tracking_number == self.tracking_number:
            return ()
        event = ShipmentLabelled(self.shipment_id, self.tracking_number)
        return dated([Change(event)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, self.shipment_id))
