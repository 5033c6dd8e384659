"""When a shipment is delivered, its open cases of the kinds in `ENDED_BY_DELIVERY` (delayed,
failed, other) are closed."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.cases.close import CloseCase
from oms_ledger.domain.cases.rules import ENDED_BY_DELIVERY, open_cases
from oms_ledger.domain.fulfilment.events import ShipmentDelivered
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ShipmentDelivered)
    return [
        CloseCase(case_id=case_id, resolution="arrived", if_open=True)
        for case_id, case in open_cases(StatesOfLog(log), event.shipment_id)
        if case.first_event.kind in ENDED_BY_DELIVERY
    ]


POLICY = Policy(
    "when_shipment_delivered_close_its_delay", frozenset({ShipmentDelivered.type}), react
)
