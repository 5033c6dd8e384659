"""A read model that is added later: deliveries and units received, by location."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.kernel import Page, ReadModel, Recorded, Row, RowKey


@dataclass(slots=True)
class Arrival(Row):
    table: ClassVar[str] = "arrivals"
    key: ClassVar[tuple[str, ...]] = ("place",)
    place: str
    deliveries: int
    units: int


def touches(r: Recorded) -> Iterable[RowKey]:
    assert isinstance(r.event, StockReceived)
    return [(Arrival, (r.event.location,))]


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    assert isinstance(event, StockReceived)
    row = page.get(Arrival, event.location) or Arrival(event.location, 0, 0)
    row.deliveries += 1
    row.units += event.quantity
    page.put(row)


ARRIVALS = ReadModel(
    name="arrivals",
    version=1,
    package=__name__,
    rows=(Arrival,),
    touches=touches,
    fold=fold,
    event_types=frozenset({StockReceived.type}),
)
