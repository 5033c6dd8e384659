"""Commands about shipments."""

from __future__ import annotations

from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    CreateShipment,
    LabelShipment,
    DispatchShipment,
    RecordTrackingEvent,
    DeliverShipment,
    CancelShipment,
)
