"""Pasts with a count `n1` of A at LON, of which ten are recorded as on hand."""

from __future__ import annotations

from oms_ledger.domain.counts.events import CountCreated, CountedLine, CountItem, CountRecorded
from oms_ledger.kernel import Event
from tests.commands.shop import SHELF, goods

REQUESTED: tuple[Event, ...] = (
    *SHELF,
    goods("B"),
    CountCreated("n1", "LON", (CountItem("A"), CountItem("B"))),
)


def counted(a: int, b: int = 0) -> tuple[Event, ...]:
    """Both were counted, while ten of A and none of B were recorded."""
    lines = (CountedLine("A", a, 10), CountedLine("B", b, 0))
    return (*REQUESTED, CountRecorded("n1", lines))
