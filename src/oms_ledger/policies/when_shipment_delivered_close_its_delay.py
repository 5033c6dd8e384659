"""When a shipment is delivered, its case is closed, where that was only that it was on its way for
too long, or had an exception that did not keep it from arriving."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.cases.close import CloseCase
from oms_ledger.domain.cases.rules import ENDED_BY_DELIVERY
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.fulfilment.events import ShipmentDelivered
from oms_ledger.domain.identifiers import case_group
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ShipmentDelivered)
    ids = log.keys(ShipmentCase, case_group(event.shipment_id))
    return [
        CloseCase(case_id=case_id, resolution="arrived", if_open=True)
        for case_id in ids
        if _is_ended(log.fold(ShipmentCase, case_id))
    ]


def _is_ended(case: ShipmentCase) -> bool:
    return case.closed is None and case.first_event.kind in ENDED_BY_DELIVERY


POLICY = Policy(
    "when_shipment_delivered_close_its_delay", frozenset({ShipmentDelivered.type}), react
)
