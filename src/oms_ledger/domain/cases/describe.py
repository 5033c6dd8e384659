"""Events of cases as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.cases.events import (
    CaseClosed,
    CaseEvent,
    CaseNoted,
    CaseOpened,
    CaseReopened,
)
from oms_ledger.domain.phrases import note_suffix, reference_suffix


def describe_case(event: CaseEvent) -> str:
    match event:
        case CaseOpened():
            cause = f" by the scan {event.scan}" if event.scan else ""
            subject = f"of shipment {event.shipment_id}: {event.kind}"
            return f"Case {subject} opened{cause}{note_suffix(event.note)}"
        case CaseNoted():
            return f"Note on the case: {event.text}"
        case CaseClosed():
            claim = f", return {event.return_id}" if event.return_id else ""
            reference = reference_suffix(event.reference)
            return f"Case closed: {event.resolution}{claim}{reference}{note_suffix(event.note)}"
        case CaseReopened():
            return f"Case reopened{note_suffix(event.note)}"
        case _:
            assert_never(event)
