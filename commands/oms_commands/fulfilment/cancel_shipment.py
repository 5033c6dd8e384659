"""Cancelling a shipment that has not left: exactly its units are allocated again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.guards import existing_shipment, shipment_refs
from oms_ledger.domain.orders.rules.cancellation import unpack
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelShipment(Command):
    """Cancel a shipment before it is dispatched; its units go back to allocated."""

    name: ClassVar[str] = "CancelShipment"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/cancel")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    shipment_id: Id
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return shipment_refs(self.shipment_id, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        if shipment.status == "cancelled":
            raise Refused("The shipment is cancelled already.", code="already_cancelled")
        if shipment.status not in ("created", "labelled"):
            raise illegal_transition(
                "The shipment", shipment.status, "cancelled", "What has left can be returned."
            )
        return dated(unpack(self.shipment_id, created), self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, self.shipment_id))
