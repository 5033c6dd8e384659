"""The past of a case."""

from __future__ import annotations

from datetime import timedelta

from oms_ledger.domain.cases.events import CaseClosed, CaseOpened
from oms_ledger.domain.fulfilment.events import ShipmentScanned
from oms_ledger.kernel import Event
from tests.commands.shop import AT, UNDER_WAY

CASE = "s1@1"


def opened(kind: str = "lost", scan: str | None = "lost", number: int = 1) -> CaseOpened:
    return CaseOpened(f"s1@{number}", "s1", "o1", "WEB-000001", "web", "LON", "manual", kind, scan)


def scanned(code: str, hours: int = 0) -> ShipmentScanned:
    return ShipmentScanned("s1", code, AT + timedelta(hours=hours))


CLOSED = CaseClosed(CASE, "none")
LOST: tuple[Event, ...] = (*UNDER_WAY, scanned("lost"), opened())
"""A shipment that a scan has flagged as lost, with its case."""
