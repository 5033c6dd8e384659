"""A small read model over stock events, for testing the engine by itself. It has a column of
every type; `refusing` makes one that cannot fold certain events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.kernel import Page, ReadModel, Recorded, Row, RowKey


@dataclass(slots=True)
class Tally(Row):
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
    note: str | None
    received_at: datetime


@dataclass(slots=True)
class Trace(Row):
    table: ClassVar[str] = "traces"
    key: ClassVar[tuple[str, ...]] = ("position",)
    append_only: ClassVar[bool] = True
    position: int
    stream: str


def touches(r: Recorded) -> Iterable[RowKey]:
    assert isinstance(r.event, StockReceived)
    return [(Tally, (r.event.sku, r.event.location))]


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    assert isinstance(event, StockReceived)
    row = page.get(Tally, event.sku, event.location)
    if row is None:
        row = Tally(event.sku, event.location, 0, 0, 0.0, True, [], None, None, r.meta.recorded_at)
    row.units += event.quantity
    row.events += 1
    row.ratio = row.units / row.events
    row.even = row.units % 2 == 0
    row.actors = sorted({*row.actors, r.meta.actor})
    row.last = {"position": r.position, 'a "key"': [None, event.reference]}
    row.note = event.reference
    row.received_at = r.meta.recorded_at
    page.put(row)
    page.put(Trace(r.position, r.stream))


TALLIES = ReadModel(
    name="tallies",
    version=1,
    package=__name__,
    rows=(Tally, Trace),
    touches=touches,
    fold=fold,
    event_types=frozenset({StockReceived.type}),
    by_stream=True,
)


def refusing(refuses: Callable[[Recorded], bool], model: ReadModel = TALLIES) -> ReadModel:
    """The same read model, which cannot fold certain events, after having begun to."""

    def folds(r: Recorded, page: Page) -> None:
        fold(r, page)
        if refuses(r):
            raise ValueError(f"cannot fold position {r.position}")

    return replace(model, fold=folds)
