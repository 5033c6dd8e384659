"""Recording a carrier's scan. Late, doubled and out-of-order scans never move a shipment back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, Text, Time
from oms_commands.fulfilment._fields import ScanCode
from oms_ledger.domain.cases.rules import CASE_KIND_OF_SCAN, case_of_scan, cases_ref
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.events import ShipmentScanned
from oms_ledger.domain.fulfilment.rules import correct_date, deliver, require_under_way
from oms_ledger.domain.fulfilment.state import Shipment, flags_shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.guards import existing_shipment, shipment_refs
from oms_ledger.domain.times import refuse_future
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RecordTrackingEvent(Command):
    """Record a carrier's scan: our code, the carrier's time and place, its own words in `raw`.

    The same scan again (code, time and place) changes nothing. A scan that flags the shipment with
    an exception opens a case of it, unless one of its kind is open; an attempted delivery opens
    none. A `delivered` scan of a delivered shipment corrects the date of its delivery.
    """

    name: ClassVar[str] = "RecordTrackingEvent"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/tracking-events")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "code": "in_transit",
        "occurred_at": "2026-01-06T21:40:00Z",
        "location": "Hatfield",
    }

    shipment_id: Id
    code: ScanCode
    occurred_at: Time
    location: Text | None = None
    raw: Note | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = shipment_refs(self.shipment_id, given)
        return [*refs, cases_ref(self.shipment_id)] if self.code in CASE_KIND_OF_SCAN else refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        require_under_way(shipment, "scanned")
        refuse_future(self.occurred_at, ctx)
        scan = ShipmentScanned(
            self.shipment_id, self.code, self.occurred_at, self.location, self.raw
        )
        if shipment.has_scan(scan):
            return ()
        changes = [Change(scan, self.occurred_at)]
        if self.code == "delivered" and shipment.status == "delivered":
            changes += correct_date(shipment, created, "delivered_at", self.occurred_at)
        elif self.code == "delivered":
            changes += deliver(created, self.occurred_at, self.occurred_at)
        opened = case_of_scan(given, created, self.code) if flags_shipment(shipment, scan) else None
        return changes if opened is None else [*changes, Change(opened, self.occurred_at)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, self.shipment_id))
