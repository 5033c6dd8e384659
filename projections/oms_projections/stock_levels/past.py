"""The rows of this read model as they were, folded from the log for one query.

Balances start from the newest snapshot before the moment, so that a SKU with a million movements
costs no more than one with a thousand. What had *happened* by a time knows no such shortcut: what
was recorded late may have happened at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TypeAlias, cast

from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined
from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.events import STOCK_EVENTS, ShippedDateCorrected, StockShipped
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.kernel import Log, Position, Recorded, State, events_of, stream_id
from oms_projections.state_documents import state_after
from oms_projections.stock_levels.fold import location, move, nothing_yet, product
from oms_projections.stock_levels.rows import LocationRow, MovementRow, ProductRow, StockRow
from oms_projections.stock_levels.views import is_low

Shown = dict[str, object]
"""A row as a statement of `queries.sql` would give it."""

CorrectedDates: TypeAlias = dict[tuple[str, str], datetime]
"""When units really left, by `shipment_id` and `line_id`."""

NEVER = datetime.min.replace(tzinfo=UTC)


def levels(log: Log, sku: str, happened_by: datetime | None = None) -> list[Shown]:
    """As `stock_of_sku`; with `happened_by`, of what had happened by then alone."""
    rows = (balance(log, sku, place, happened_by) for place in places(log, sku))
    defined, low = product_row(log, sku, happened_by), low_at(log, sku, happened_by)
    return [_level(row, defined, low) for row in rows if row.version]


def low_at(log: Log, sku: str, happened_by: datetime | None = None) -> list[str]:
    """As the column of `stock_of_skus`: where stock was low by an alert of a location, or "" by one
    of all."""
    if happened_by is None:
        alerts = log.fold(StockAlerts, sku)
    else:
        history = events_of(log, stream_id(StockAlerts, sku))
        by_then = (r for r in history if r.meta.happened_at <= happened_by)
        alerts = state_after(StockAlerts(), by_then)
    return [
        each.location or ""
        for each in alerts.alerts.values()
        if each.low and each.threshold is not None and each.channel is None
    ]


def _level(row: StockRow, defined: ProductRow | None, low: Collection[str]) -> Shown:
    safety = defined.safety_stock_at.get(row.location, defined.safety_stock) if defined else 0
    return {
        **asdict(row),
        "safety_stock": safety,
        "low": is_low(row.location, low),
        "sensitive": defined is not None and defined.sensitive,
        "unit_of_measure": defined.unit_of_measure if defined else None,
        "available": max(0, free_units(row) - safety),
    }


def complete_kits(log: Log, kit: ProductRow, happened_by: datetime | None = None) -> list[Shown]:
    """As the column `complete` of `stock_of_skus`."""
    parts = {str(each["sku"]): cast(int, each["quantity"]) for each in kit.components}
    kits: dict[str, list[int]] = {}
    for sku, quantity in parts.items():
        for row in levels(log, sku, happened_by):
            kits.setdefault(str(row["location"]), []).append(
                cast(int, row["available"]) // quantity
            )
    return [
        {"location": place, "available": min(of_parts)}
        for place, of_parts in sorted(kits.items())
        if len(of_parts) == len(parts)
    ]


def free_units(row: StockRow) -> int:
    """As `StockLevel.free`."""
    unsold = row.damaged + row.quarantine + row.blocked
    return row.on_hand - unsold - row.allocated - row.held


def places(log: Log, sku: str) -> list[str]:
    """Where there was stock of a SKU, or had been. A SKU may have an `@`; a location has none."""
    keys = (key.rpartition("@") for key in log.keys(StockLevel, stock_key(sku, "")))
    return [place for owner, _, place in keys if owner == sku]


def balance(log: Log, sku: str, place: str, happened_by: datetime | None = None) -> StockRow:
    """One balance; version 0 where nothing had moved."""
    stream = stream_id(StockLevel, stock_key(sku, place))
    if happened_by is not None:
        corrected: CorrectedDates = {}
        row = _happened(log, stream, nothing_yet(sku, place, NEVER), happened_by, corrected)
        if corrected:
            row = _happened(log, stream, nothing_yet(sku, place, NEVER), happened_by, corrected)
        return row
    row = _balance_at(log, sku, place, log.position)
    for newest in log.history(stream, row.version - 1, 1):
        row.updated_at = newest.meta.recorded_at
    return row


def _happened(
    log: Log, stream: str, row: StockRow, by: datetime, corrected: CorrectedDates
) -> StockRow:
    """The balance of what had happened by a time, with units having left at the dates in
    `corrected`. Dates that are corrected in this stream are added to it."""
    for r in events_of(log, stream):
        event, at = r.event, r.meta.happened_at
        if isinstance(event, ShippedDateCorrected):
            corrected[event.shipment_id, event.line_id] = event.corrected_to
        elif isinstance(event, StockShipped):
            at = corrected.get((event.shipment_id, event.line_id), at)
        if at <= by:
            _moved(row, r)
    return row


def _balance_at(log: Log, sku: str, place: str, until: Position) -> StockRow:
    """The counters. Not when they last changed: the next movement says that."""
    level = log.fold(StockLevel, stock_key(sku, place), until)
    return StockRow(
        sku,
        place,
        level.on_hand,
        level.allocated,
        level.held,
        level.backordered,
        level.incoming,
        level.version,
        NEVER,
        level.damaged,
        level.quarantine,
        level.blocked,
    )


def movements(log: Log, sku: str, at: str | None, before: Position, limit: int) -> list[Shown]:
    """As the statement of this name: newest first, those before a position."""
    chosen = [place for place in places(log, sku) if at in (None, place)]
    listed = [m for place in chosen for m in _movements_at(log, sku, place, before, limit)]
    listed.sort(key=lambda m: -m.position)
    return [asdict(m) for m in listed[:limit]]


def _movements_at(
    log: Log, sku: str, place: str, before: Position, limit: int
) -> Iterator[MovementRow]:
    """The last `limit` at one place, oldest first."""
    key = stock_key(sku, place)
    last = log.fold(StockLevel, key, before - 1).version
    after = max(0, last - limit)
    history = log.history(stream_id(StockLevel, key), after, last - after)
    if history:
        row = _balance_at(log, sku, place, history[0].position - 1)
        for r in history:
            yield _moved(row, r)


def _moved(row: StockRow, r: Recorded) -> MovementRow:
    if not isinstance(r.event, STOCK_EVENTS):
        raise TypeError(f"{r.event.type} does not belong to stock")
    return move(row, r, r.event)


def product_row(log: Log, sku: str, happened_by: datetime | None = None) -> ProductRow | None:
    r = _newest(log, Product, sku, happened_by)
    return product(r, r.event) if r and isinstance(r.event, ProductDefined) else None


def location_row(log: Log, code: str) -> LocationRow | None:
    r = _newest(log, Location, code)
    return location(r, r.event) if r and isinstance(r.event, LocationDefined) else None


def products(log: Log, after: str, limit: int, with_sensitive: bool) -> list[Shown]:
    """As `list_products`, whatever is in them."""
    listed: list[Shown] = []
    while len(listed) < limit and (skus := log.keys(Product, after=after, limit=limit)):
        after = skus[-1]
        rows = (product_row(log, sku) for sku in skus)
        listed += [asdict(row) for row in rows if row and (with_sensitive or not row.sensitive)]
    return listed[:limit]


def locations(log: Log) -> list[Shown]:
    """As `list_locations`."""
    rows = [row for code in log.keys(Location) if (row := location_row(log, code))]
    return [asdict(row) for row in sorted(rows, key=lambda row: (row.priority, row.code))]


def _newest(
    log: Log, kind: type[State], key: str, happened_by: datetime | None = None
) -> Recorded | None:
    """The event that says all there is to know: each of its kind replaces the one before."""
    stream = stream_id(kind, key)
    if happened_by is None:
        return next(iter(log.history(stream, log.fold(kind, key).version - 1, 1)), None)
    happened = [r for r in events_of(log, stream) if r.meta.happened_at <= happened_by]
    return happened[-1] if happened else None
