"""Events of stock and of the catalogue folded into rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import asdict

from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined
from oms_ledger.domain.catalogue.views import preorder_terms_view
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.stock.events import STOCK_EVENTS, StockAdjusted, StockEvent
from oms_ledger.domain.stock.state import book
from oms_ledger.domain.stock_alerts.events import (
    STOCK_ALERT_EVENTS,
    StockAlertEvent,
    StockAlertSet,
    StockBecameLow,
)
from oms_ledger.kernel import Event, Page, ReadModel, Recorded, RowKey
from oms_projections.search import folded
from oms_projections.stock_levels.rows import (
    AlertRow,
    LocationRow,
    MovementRow,
    ProductRow,
    SalesChannelRow,
    StockRow,
)

KINDS: dict[type[Event], str] = {e: e.type.split(".")[1] for e in STOCK_EVENTS}
"""The short name of each change: `received`, `allocated`, `shipped` ..."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, STOCK_EVENTS):
        return ((StockRow, (event.sku, event.location)),)
    if isinstance(event, STOCK_ALERT_EVENTS):
        return ((AlertRow, alert_row_key(event)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, STOCK_EVENTS):
        booked(r, event, page)
    elif isinstance(event, ProductDefined):
        page.put(product(r, event))
    elif isinstance(event, LocationDefined):
        page.put(location(r, event))
    elif isinstance(event, STOCK_ALERT_EVENTS):
        page.put(alert(page.get(AlertRow, *alert_row_key(event)), r, event))
    elif isinstance(event, ChannelDefined):
        page.put(SalesChannelRow(event.channel, r.version))


def booked(r: Recorded, event: StockEvent, page: Page) -> None:
    row = page.get(StockRow, event.sku, event.location)
    if row is None:
        row = nothing_yet(event.sku, event.location, r.meta.recorded_at)
    moved = move(row, r, event)
    page.put(row)
    page.put(moved)


def nothing_yet(sku: str, location: str, at: datetime) -> StockRow:
    return StockRow(sku, location, 0, 0, 0, 0, 0, 0, at)


def move(row: StockRow, r: Recorded, event: StockEvent) -> MovementRow:
    """Book an event into its balance, and tell what that changed."""
    at = r.meta.recorded_at
    on_hand, allocated = row.on_hand, row.allocated
    backordered, held = row.backordered, row.held
    book(row, event)
    row.version = r.version
    row.updated_at = at
    return MovementRow(
        event.sku,
        r.position,
        event.location,
        KINDS[type(event)],
        event.change if isinstance(event, StockAdjusted) else event.quantity,
        row.on_hand,
        row.on_hand - on_hand,
        row.allocated,
        row.allocated - allocated,
        row.backordered,
        row.backordered - backordered,
        row.held,
        row.held - held,
        cause(event, "order_id"),
        cause(event, "line_id"),
        cause(event, "shipment_id"),
        cause(event, "reference"),
        cause(event, "reason"),
        r.meta.actor,
        at,
        r.meta.occurred_at,
        cause(event, "reservation_id"),
    )


def cause(event: StockEvent, name: str) -> str | None:
    """Who or what a change was for; each kind of event says it with some of these names."""
    value: str | None = getattr(event, name, None)
    return value


def product(r: Recorded, event: ProductDefined) -> ProductRow:
    preorder = preorder_terms_view(event.preorder)
    return ProductRow(
        sku=event.sku,
        title=event.title,
        stocked=event.stocked,
        weight_g=event.weight_g,
        dimensions_mm=asdict(event.dimensions_mm) if event.dimensions_mm else None,
        unit_cost=event.unit_cost.minor if event.unit_cost else None,
        currency=event.unit_cost.currency if event.unit_cost else None,
        backorder_limit=event.backorder_limit,
        safety_stock=event.safety_stock,
        safety_stock_at={each.location: each.quantity for each in event.safety_stock_at},
        preorder={**preorder} if preorder else None,
        components=[asdict(c) for c in event.components],
        search=f"{folded(event.sku)}\n{folded(event.title)}",
        sensitive=event.sensitive,
        product_category=event.product_category,
        unit_of_measure=asdict(event.unit) if event.unit else None,
        version=r.version,
        updated_at=r.meta.recorded_at,
    )


def location(r: Recorded, event: LocationDefined) -> LocationRow:
    return LocationRow(
        code=event.code,
        name=event.name,
        kind=event.kind,
        site=asdict(event.site),
        priority=event.priority,
        daily_capacity=event.daily_capacity,
        latitude=event.point.latitude if event.point else None,
        longitude=event.point.longitude if event.point else None,
        closed=event.closed,
        version=r.version,
        updated_at=r.meta.recorded_at,
    )


def alert_row_key(event: StockAlertEvent) -> tuple[str, str, str]:
    return event.sku, event.location or "", event.channel or ""


def alert(row: AlertRow | None, r: Recorded, event: StockAlertEvent) -> AlertRow:
    """The row after an event; None: before the first."""
    row = row or AlertRow(*alert_row_key(event), None, False, None, None, r.version)
    if isinstance(event, StockAlertSet):
        row.threshold, row.version = event.threshold, r.version
    else:
        row.low = isinstance(event, StockBecameLow)
        row.available, row.crossed_at = event.available, r.meta.recorded_at
    return row


EVENTS = (*STOCK_EVENTS, *STOCK_ALERT_EVENTS, ProductDefined, LocationDefined, ChannelDefined)

READ_MODEL = ReadModel(
    name="stock_levels",
    version=8,
    package=__name__.rpartition(".")[0],
    rows=(StockRow, MovementRow, ProductRow, LocationRow, AlertRow, SalesChannelRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in EVENTS),
    by_stream=True,
)
