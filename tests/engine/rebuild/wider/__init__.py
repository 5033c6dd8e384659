"""The next shape of the engine's test read model: a column less, one more, and one that means
something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.kernel import Page, ReadModel, Recorded, Row, RowKey
from tests.engine.project.tallies import TALLIES, Trace


@dataclass(slots=True)
class WiderTally(Row):
    table: ClassVar[str] = "tallies"
    key: ClassVar[tuple[str, ...]] = ("sku", "place")
    sku: str
    place: str
    units: int
    events: int
    ratio: float
    even: bool
    actors: list[str]
    last: dict[str, object] | None
    largest: int
    received_at: datetime


def touches(r: Recorded) -> Iterable[RowKey]:
    assert isinstance(r.event, StockReceived)
    return [(WiderTally, (r.event.sku, r.event.location))]


def fold(r: Recorded, page: Page) -> None:
    event, at = r.event, r.meta.recorded_at
    assert isinstance(event, StockReceived)
    row = page.get(WiderTally, event.sku, event.location)
    if row is None:
        row = WiderTally(event.sku, event.location, 0, 0, 0.0, True, [], None, 0, at)
    row.units += event.quantity
    row.events += 1
    row.ratio = row.units / row.events
    row.even = row.units % 2 == 0
    row.actors = sorted({*row.actors, r.meta.actor})
    row.last = {"position": r.position}
    row.largest = max(row.largest, event.quantity)
    row.received_at = at
    page.put(row)
    page.put(Trace(r.position, r.stream))


WIDER = ReadModel(
    name=TALLIES.name,
    version=2,
    package=__name__,
    rows=(WiderTally, Trace),
    touches=touches,
    fold=fold,
    event_types=TALLIES.event_types,
)
