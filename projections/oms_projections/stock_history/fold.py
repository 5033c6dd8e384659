"""Events of stock, products, transfers and counts folded into what stock was worth.

A SKU has rows from the first event on that says what its units cost. A day is that on which it
happened, in UTC; what is recorded late for a day before the last of its SKU counts for that last
day, so that the past does not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

import msgspec

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.counts.events import (
    COUNT_EVENTS,
    CountApproved,
    CountCreated,
    CountEvent,
    CountRecorded,
)
from oms_ledger.domain.money import in_proportion
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockReceived,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.transfers.events import TransferClosed
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.stock_history.rows import (
    CountFigureRow,
    StockDayRow,
    StockProductRow,
    ValuationRow,
)
from oms_projections.stock_history.valuation import (
    average_cost,
    come_in,
    fifo_value,
    go_out,
)

_encode = msgspec.json.Encoder().encode
_counts_in = msgspec.json.Decoder(dict[str, tuple[int, int]]).decode

MOVES = (StockReceived, StockShipped, StockReturned, StockAdjusted)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, StockReceived) and event.unit_cost is not None:
        return ((ValuationRow, (event.sku,)), (StockProductRow, (event.sku,)))
    if isinstance(event, (*MOVES, ProductDefined)):
        return ((ValuationRow, (event.sku,)),)
    if isinstance(event, TransferClosed):
        return [(ValuationRow, (line.sku,)) for line in event.lost]
    if isinstance(event, COUNT_EVENTS):
        return ((CountFigureRow, (event.count_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ProductDefined):
        page.put(StockProductRow(event.sku, event.sensitive, _steps(event)))
        _defined(r, event, page)
    elif isinstance(event, MOVES):
        _moved(r, event, page)
    elif isinstance(event, TransferClosed):
        for line in event.lost:
            row = page.get(ValuationRow, line.sku)
            if row is not None:
                _begin_day(row, r)
                _lose(row, line.quantity)
                _close(row, page)
    elif isinstance(event, COUNT_EVENTS):
        _counted(r, event, page)


def _day(r: Recorded) -> str:
    return r.meta.happened_at.astimezone(UTC).date().isoformat()


def _defined(r: Recorded, event: ProductDefined, page: Page) -> None:
    """The cost of a product is that of its units from now on. What they were bought for stays."""
    row, cost = page.get(ValuationRow, event.sku), event.unit_cost
    if row is None and cost is not None:
        row = _first(event.sku, cost.currency, cost.minor, _day(r), _steps(event))
    if row is None:
        return
    _begin_day(row, r)
    if cost is not None and cost.currency == row.currency:
        row.unit_cost = cost.minor
    _close(row, page)


def _steps(event: ProductDefined) -> int:
    """The steps of the unit of measure; 1 of pieces."""
    return 1 if event.unit is None else event.unit.steps


def _first(sku: str, currency: str, unit_cost: int, day: str, steps: int) -> ValuationRow:
    return ValuationRow(sku, currency, unit_cost, 0, 0, "[]", None, None, day, steps=steps)


def _moved(
    r: Recorded,
    event: StockReceived | StockShipped | StockReturned | StockAdjusted,
    page: Page,
) -> None:
    row = page.get(ValuationRow, event.sku)
    if row is None:
        if not isinstance(event, StockReceived):
            return
        if event.unit_cost is None or event.currency is None:
            return
        product = page.get(StockProductRow, event.sku)
        steps = product.steps if product is not None else 1
        row = _first(event.sku, event.currency, event.unit_cost, _day(r), steps)
    _begin_day(row, r)
    match event:
        case StockReceived():
            _receive(row, event)
        case StockReturned():
            come_in(row, event.quantity, average_cost(row))
            row.returned += event.quantity
        case StockShipped():
            _sell(row, event.quantity)
        case StockAdjusted():
            if event.change < 0:
                _lose(row, -event.change)
            else:
                come_in(row, event.change, average_cost(row))
                row.gained += event.change
    _close(row, page)


def _receive(row: ValuationRow, event: StockReceived) -> None:
    """At its own cost, or at the newest where it has none in the currency of the SKU."""
    if event.unit_cost is not None and event.currency == row.currency:
        row.unit_cost = event.unit_cost
    come_in(row, event.quantity, row.unit_cost)
    row.received_on = row.day
    row.received += event.quantity


def _sell(row: ValuationRow, units: int) -> None:
    fifo, average = go_out(row, units)
    row.sold += units
    row.cost_fifo += fifo
    row.cost_average += average
    row.sold_on = row.day


def _lose(row: ValuationRow, units: int) -> None:
    _, average = go_out(row, units)
    row.lost += units
    row.lost_value += average


def _begin_day(row: ValuationRow, r: Recorded) -> None:
    """On a later day than the last of the SKU, nothing has changed yet."""
    day = _day(r)
    if day > row.day:
        row.day = day
        row.received = row.sold = row.returned = row.lost = row.gained = 0
        row.cost_fifo = row.cost_average = row.lost_value = 0


def _close(row: ValuationRow, page: Page) -> None:
    """What there is at the end of the day, so far, with money in whole minor units."""
    page.put(row)

    def minor(scaled: int) -> int:
        return in_proportion(scaled, 1, row.steps)

    page.put(
        StockDayRow(
            sku=row.sku,
            day=row.day,
            currency=row.currency,
            on_hand=row.on_hand,
            value_unit_cost=minor(row.on_hand * row.unit_cost),
            value_fifo=minor(fifo_value(row)),
            value_average=minor(row.average_value),
            received_on=row.received_on,
            sold_on=row.sold_on,
            received=row.received,
            sold=row.sold,
            returned=row.returned,
            lost=row.lost,
            gained=row.gained,
            cost_fifo=minor(row.cost_fifo),
            cost_average=minor(row.cost_average),
            lost_value=minor(row.lost_value),
        )
    )


def _counted(r: Recorded, event: CountEvent, page: Page) -> None:
    if isinstance(event, CountCreated):
        page.add(CountFigureRow(event.count_id, event.location, None, "{}", 0, 0, 0, 0))
        return
    row = page.get(CountFigureRow, event.count_id)
    if row is None:
        raise LookupError(f"{event.type} for count {event.count_id}, never created")
    if isinstance(event, CountRecorded):
        counted = _counts_in(row.counted)
        counted |= {line.sku: (line.counted, line.on_hand) for line in event.lines}
        row.counted = _encode(counted).decode()
    elif isinstance(event, CountApproved):
        row.approved_at = r.meta.happened_at
        lines = _counts_in(row.counted).values()
        variances = [abs(units - on_hand) for units, on_hand in lines]
        row.skus, row.exact = len(variances), variances.count(0)
        row.variance = sum(variances)
        row.units = sum(units for units, _ in lines)
    page.put(row)


READ_MODEL = ReadModel(
    name="stock_history",
    version=3,
    package=__name__.rpartition(".")[0],
    rows=(ValuationRow, StockDayRow, StockProductRow, CountFigureRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in (*MOVES, ProductDefined, TransferClosed, *COUNT_EVENTS)),
)
