"""Events of shipments and promises of orders folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.fulfilment.events import (
    SHIPMENT_EVENTS,
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentScanned,
)
from oms_ledger.domain.fulfilment.state import EXCEPTIONS, Shipment
from oms_ledger.domain.fulfilment.views import shipment_line_view
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.events import OrderCancelled, OrderEdited, OrderPlaced
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.search import facets_in, folded, grams
from oms_projections.shipping_analytics.rows import PromiseRow, ShipmentRow


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, OrderCancelled | OrderEdited):
        return ((PromiseRow, (event.order_id,)),)
    if isinstance(event, SHIPMENT_EVENTS) and not isinstance(event, ShipmentCreated):
        return ((ShipmentRow, (event.shipment_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ShipmentCreated):
        page.add(created(r, event))
    elif isinstance(event, SHIPMENT_EVENTS):
        row = page.get(ShipmentRow, event.shipment_id)
        if row is None:
            raise LookupError(f"{event.type} for shipment {event.shipment_id}, never created")
        moved(row, r, event)
        page.put(row)
    elif isinstance(event, OrderPlaced):
        page.add(promised(event))
    elif isinstance(event, OrderCancelled | OrderEdited):
        promise = page.get(PromiseRow, event.order_id)
        if promise is None and isinstance(event, OrderCancelled):
            return  # in the queue: nothing of it was promised
        if promise is None:
            raise LookupError(f"{event.type} for order {event.order_id}, never placed")
        if isinstance(event, OrderEdited):
            edited(promise, event)
        else:
            reduced(promise, r, event)
        page.put(promise)


def promised(event: OrderPlaced) -> PromiseRow:
    lines = event.terms.lines
    units = sum(line.quantity for line in lines if line.stocked)
    return PromiseRow(
        order_id=event.order_id,
        sensitive=event.sensitive,
        channel=event.terms.channel,
        placed_at=event.placed_at,
        ship_by=event.ship_by,
        deliver_by=event.deliver_by,
        ordered=units,
        units=units,
        cancelled_at=None,
        services=[line.line_id for line in lines if not line.stocked],
    )


def reduced(row: PromiseRow, r: Recorded, event: OrderCancelled) -> None:
    """Take the cancelled units out of the promise."""
    units = sum(each.quantity for each in event.lines if each.line_id not in row.services)
    if units:
        row.units -= units
        row.cancelled_at = r.meta.happened_at


def edited(row: PromiseRow, event: OrderEdited) -> None:
    """Promise what is ordered after an edit, by the dates that it promises."""
    more = sum(e.line.quantity - e.quantity_before for e in event.changed if e.line.stocked)
    more += sum(line.quantity for line in event.added if line.stocked)
    row.ordered += more
    row.units += more
    row.services = [*row.services, *(line.line_id for line in event.added if not line.stocked)]
    row.ship_by = event.ship_by or row.ship_by
    row.deliver_by = event.deliver_by or row.deliver_by


def row_of(history: Iterable[Recorded]) -> ShipmentRow | None:
    """The row of one shipment, from its own events; None where there are none."""
    row: ShipmentRow | None = None
    for r in history:
        if isinstance(r.event, ShipmentCreated):
            row = created(r, r.event)
        elif row is not None and isinstance(r.event, SHIPMENT_EVENTS):
            moved(row, r, r.event)
    return row


def created(r: Recorded, event: ShipmentCreated) -> ShipmentRow:
    row = ShipmentRow(
        shipment_id=event.shipment_id,
        order_id=event.order_id,
        order_number=event.order_number,
        sensitive=event.sensitive,
        channel=event.channel,
        location=event.location,
        carrier=event.carrier,
        service=event.service,
        status="created",
        trouble=None,
        tracking_number=None,
        tracking_token=event.tracking_token,
        units=sum(line.quantity for line in event.lines),
        lines=[dict[str, object](shipment_line_view(line)) for line in event.lines],
        packages=[
            {**msgspec.to_builtins(each), "lines": list(msgspec.to_builtins(each.lines))}
            for each in event.packages
        ],
        scans=[],
        exceptions=0,
        recipient=stored(event.recipient),
        city=event.city,
        country=event.country,
        placed_at=event.placed_at,
        ship_by=event.ship_by,
        deliver_by=event.deliver_by,
        created_at=r.meta.happened_at,
        dispatched_at=None,
        last_scan_at=None,
        delivered_at=None,
        simulated=False,
        version=r.version,
        updated_at=r.meta.recorded_at,
        cancelled_at=None,
        first_exception_at=None,
        facets=[],
        search="",
        grams=[],
        fulfilment_id=event.fulfilment_id,
    )
    index(row)
    return row


def moved(row: ShipmentRow, r: Recorded, event: ShipmentEvent) -> None:
    """Let the domain say where the event takes the shipment, and note what it adds."""
    state = Shipment(
        status=row.status,
        tracking_number=row.tracking_number,
        exception=row.trouble,
        last_scan_at=row.last_scan_at,
        dispatched_at=row.dispatched_at,
        delivered_at=row.delivered_at,
    )
    state.apply(event)
    relisted = (row.status, row.tracking_number) != (state.status, state.tracking_number)
    row.status = state.status
    row.tracking_number = state.tracking_number
    row.trouble = state.exception
    row.last_scan_at = state.last_scan_at
    row.delivered_at = state.delivered_at
    row.version = r.version
    row.updated_at = r.meta.recorded_at
    if isinstance(event, ShipmentDateCorrected):
        row.dispatched_at = state.dispatched_at
    elif isinstance(event, ShipmentDispatched):
        row.dispatched_at = event.dispatched_at or r.meta.happened_at
        row.simulated = row.simulated or event.simulated
    elif isinstance(event, ShipmentDelivered):
        row.simulated = row.simulated or event.simulated
    elif isinstance(event, ShipmentCancelled):
        row.cancelled_at = r.meta.happened_at
    elif isinstance(event, ShipmentScanned):
        scanned(row, event)
    if relisted:
        index(row)


def index(row: ShipmentRow) -> None:
    """Bring up to date what lists find the shipment by. Of what changes these are the status and
    the tracking number."""
    facets = {
        "status": row.status,
        "carrier": row.carrier,
        "location": row.location,
        "channel": row.channel,
        "country": row.country,
        "tracking": folded(row.tracking_number or ""),
    }
    row.facets = facets_in({name: value or None for name, value in facets.items()})
    search = folded("\n".join((row.order_number, row.tracking_number or "")))
    if search != row.search:
        row.search = search
        row.grams = grams(search)


def scanned(row: ShipmentRow, event: ShipmentScanned) -> None:
    scan: dict[str, object] = {
        "code": event.code,
        "scanned_at": rfc3339(event.scanned_at),
        "place": event.place,
        "raw": event.raw,
    }
    row.scans = [*row.scans, scan]
    if event.code in EXCEPTIONS:
        row.exceptions += 1
        row.first_exception_at = min(row.first_exception_at or event.scanned_at, event.scanned_at)


def stored(value: Personal | None) -> dict[str, object] | None:
    """A personal value in the form it is stored in."""
    return None if value is None else {"personal": value.personal}


READ_MODEL = ReadModel(
    name="shipping_analytics",
    version=5,
    package=__name__.rpartition(".")[0],
    rows=(ShipmentRow, PromiseRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(
        e.type for e in (*SHIPMENT_EVENTS, OrderPlaced, OrderEdited, OrderCancelled)
    ),
    by_stream=True,
)
