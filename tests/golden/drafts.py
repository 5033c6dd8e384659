"""What the golden files of drafts mean."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.drafts.content import DraftContent, DraftLine, DraftShipping
from oms_ledger.domain.drafts.events import DraftDeleted, DraftEvent, DraftPlaced, DraftSaved
from oms_ledger.domain.orders.terms import Address, Customer, Presentment
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.testing import replace

_UNIT = UnitOfMeasure("kg", 3)


def _on(day: int) -> datetime:
    return datetime(2026, 1, day, 9, tzinfo=UTC)


def _address(city: str) -> Address:
    lines = (Personal("Ada"), Personal("1 High St"), Personal("Flat 2"))
    return Address(*lines, city, "Yorkshire", Personal("LS1 1AA"), "GB")


DRAFT_LITERALS: tuple[DraftEvent, ...] = (
    DraftSaved(
        "d1",
        DraftContent(
            "phone",
            "GBP",
            (DraftLine("85123A", 2, "2.55", "0.10", "0.05", "Heart", "0.2", _UNIT),),
            "1001",
            _on(1),
            Customer("17850", Personal("Ada"), Personal("ada@example.org"), Personal("+44 1")),
            _address("Leeds"),
            _address("York"),
            DraftShipping("standard", "4.95", "0.99"),
            "1.00",
            True,
            Presentment("EUR", "1.17"),
            "allow",
            True,
            _on(3),
            _on(6),
            _on(2),
            _on(4),
            "queued",
        ),
        True,
        "LS1",
    ),
    DraftPlaced("d1", "o1", True),
    DraftDeleted("d2"),
)

_SAVED = DRAFT_LITERALS[0]
assert isinstance(_SAVED, DraftSaved)
DRAFT_WITHOUT_UNIT = replace(
    _SAVED.content, lines=tuple(replace(line, unit=None) for line in _SAVED.content.lines)
)
