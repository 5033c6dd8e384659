"""What the golden files of cases mean."""

from __future__ import annotations

from oms_ledger.domain.cases.events import (
    CaseClosed,
    CaseEvent,
    CaseNoted,
    CaseOpened,
    CaseReopened,
)

CASE_LITERALS: tuple[CaseEvent, ...] = (
    CaseOpened(
        "s1@1",
        "s1",
        "o1",
        "WEB-000001",
        "web",
        "LON",
        "manual",
        "lost",
        "lost",
        "Not seen since Hatfield",
        True,
    ),
    CaseNoted("s1@1", "The carrier looks for it"),
    CaseClosed("s1@1", "carrier_claim", "Paid by the carrier", "CLM-2026-118", "r1"),
    CaseReopened("s1@1", "The carrier refuses to pay"),
)
