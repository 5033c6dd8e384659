"""Events of orders and shipments folded into rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import msgspec

from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    CreditGranted,
    OrderCancelled,
    OrderEdited,
    OrderEvent,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED, Statuses
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.order_status.document import (
    OrderDocument,
    OrderShipment,
    follow,
    read,
    shipment_after,
    written,
)
from oms_projections.order_status.rows import (
    LineRow,
    OrderDocumentRow,
    OrderRow,
    OrderShipmentRow,
    OrderWeekRow,
    SearchTermRow,
)
from oms_projections.order_status.views import detail, item
from oms_projections.order_status.weeks import (
    ARCHIVED,
    WeeklyValues,
    facets_of_places,
    put_weeks,
)
from oms_projections.search import folded, grams
from oms_projections.values import text_of

ON_HOLD = "on_hold"
"""The facet of orders on hold."""

BEGINNINGS = (OrderPlaced, OrderReceived)
"""Events with which an order's stream begins."""

SHIPMENT_ROW_EVENTS = (ShipmentCreated, ShipmentLabelled, ShipmentDispatched)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, BEGINNINGS) and r.version == 1:
        return ()
    if isinstance(event, ShipmentCreated):
        return ()  # the first of its stream: there is nothing to read
    if isinstance(event, ORDER_EVENTS):
        return ((OrderDocumentRow, (event.order_id,)),)
    if isinstance(event, SHIPMENT_ROW_EVENTS):
        return ((OrderShipmentRow, (event.shipment_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ORDER_EVENTS):
        followed(r, event, page)
    elif isinstance(event, SHIPMENT_ROW_EVENTS):
        _parcel(r, event, page)


@dataclass(slots=True)
class OpenOrder:
    """An order of the page that is being folded: its rows, of lines those that change, and its
    document in memory. The rows are brought up to date when the page is at its end."""

    row: OrderDocumentRow
    document: OrderDocument
    listed: OrderRow
    lines: dict[str, LineRow] = field(default_factory=dict)


def followed(r: Recorded, event: OrderEvent, page: Page) -> None:
    memo, order_id = page.memo, event.order_id
    put, before = page.put, None
    if isinstance(event, BEGINNINGS) and r.version == 1:
        document = OrderDocument()
        follow(document, r)
        opened = memo[order_id] = OpenOrder(
            OrderDocumentRow(order_id), document, order_row(document)
        )
        put = page.add
        put(opened.row)
        put(opened.listed)
        for term in terms_of(event):
            put(term)
    else:
        opened = cast(OpenOrder, memo.get(order_id)) or _opened(order_id, event, page)
        before = WeeklyValues.of(opened.document)
        follow(opened.document, r)
        if isinstance(event, OrderPlaced):  # from the queue: what it is made of is as of now
            opened.listed = order_row(opened.document)
            page.put(opened.listed)
    put_weeks(page, opened.document, before)
    lines = opened.lines
    for line_id in lines_of(event):
        if line_id not in lines:
            row = lines[line_id] = line_row(order_id, opened.document.order.lines[line_id])
            put(row)


def _opened(order_id: str, event: OrderEvent, page: Page) -> OpenOrder:
    row = page.get(OrderDocumentRow, order_id)
    if row is None:
        raise LookupError(f"{event.type} for order {order_id}, never placed")
    document = read(row.document)
    opened = page.memo[order_id] = OpenOrder(row, document, order_row(document))
    page.put(opened.row)
    page.put(opened.listed)
    return opened


def finish(page: Page) -> None:
    """Bring the rows of the page's orders up to date."""
    for opened in cast("Iterable[OpenOrder]", page.memo.values()):
        row, document = opened.row, opened.document
        statuses = document.order.statuses
        update_row(opened.listed, statuses, document)
        for line_id, line in opened.lines.items():
            update_line(line, document.order.lines[line_id])
        row.document = written(document)
        body = detail(document, statuses=statuses)
        row.answer = text_of(body)
        row.item = text_of(item(opened.listed, body["customer"]))
        row.version = document.order.version
        row.sensitive = document.order.sensitive


def _parcel(
    r: Recorded, event: ShipmentCreated | ShipmentLabelled | ShipmentDispatched, page: Page
) -> None:
    first = isinstance(event, ShipmentCreated)
    before = None if first else page.get(OrderShipmentRow, event.shipment_id)
    parcel = shipment_after(before, r)
    if parcel is None:
        return
    if isinstance(parcel, OrderShipmentRow):
        page.put(parcel)
    else:
        page.add(shipment_row(parcel))
    if parcel.tracking_number:
        page.put(term_row(parcel.order_id, "tracking", parcel.tracking_number, parcel.shipment_id))


def shipment_row(parcel: OrderShipment) -> OrderShipmentRow:
    return OrderShipmentRow(
        parcel.shipment_id,
        parcel.order_id,
        parcel.location,
        parcel.carrier,
        parcel.service,
        parcel.tracking_number,
    )


def lines_of(event: OrderEvent) -> Iterable[str]:
    """The lines whose counters an event changes."""
    match event:
        case OrderPlaced() | OrderReceived():
            return [line.line_id for line in event.terms.lines]
        case BackordersAllocated():
            moved = {a.line_id for a in (*event.allocations, *event.released)}
            return moved | {b.line_id for b in event.backorders_released}
        case OrderEdited():
            return [line.line_id for line in (*event.added, *(e.line for e in event.changed))]
        case (
            OrderCancelled()
            | OrderRejected()
            | OrderResumed()
            | UnitsPacked()
            | UnitsUnpacked()
            | UnitsShipped()
            | UnitsDelivered()
            | UnitsReturned()
            | CreditGranted()
        ):
            return [line.line_id for line in event.lines]
        case _:
            return ()


def order_row(document: OrderDocument) -> OrderRow:
    """What was agreed at first; the rest is brought up to date with each event."""
    placed = document.order.first_event
    terms = placed.terms
    return OrderRow(
        order_id=placed.order_id,
        number=placed.number,
        version=0,
        channel=terms.channel,
        external_id=terms.external_id,
        sensitive=placed.sensitive,
        status="",
        payment="",
        fulfilment="",
        returned="",
        on_hold=False,
        tags=[],
        archived=False,
        currency=terms.currency,
        total=terms.total,
        cancelled_total=0,
        units=sum(line.quantity for line in terms.lines if line.stocked),
        line_count=len(terms.lines),
        locations=[],
        customer_id=terms.customer.id if terms.customer else None,
        customer=msgspec.to_builtins(terms.customer),
        person=person_of(terms),
        country=terms.shipping_address.country if terms.shipping_address else None,
        facets=[],
        placed_at=placed.placed_at,
        ship_by=placed.ship_by,
        deliver_by=placed.deliver_by,
        shipped_at=None,
        delivered_at=None,
        last_at=placed.placed_at,
        updated_at=placed.placed_at,
    )


def update_row(row: OrderRow, statuses: Statuses, document: OrderDocument) -> None:
    order = document.order
    row.version = order.version
    row.status = statuses.order
    row.payment = statuses.payment
    row.fulfilment = statuses.fulfilment
    row.returned = statuses.returned
    row.on_hold = bool(order.holds)
    row.tags = list(order.labels.tags)
    row.archived = order.labels.archived
    row.locations = document.locations
    if order.edits is not None:
        update_terms(row, order)
    row.cancelled_total = order.cancelled_total
    row.facets = facets_of(row)
    row.shipped_at = document.shipped_at
    row.delivered_at = document.delivered_at
    row.last_at = document.last_at or row.placed_at
    row.updated_at = document.updated_at or row.placed_at


def update_terms(row: OrderRow, order: Order) -> None:
    """What edits change of what was agreed. Lines with nothing ordered do not count."""
    terms = order.terms
    row.total = terms.total
    row.units = sum(line.quantity for line in terms.lines if line.stocked)
    row.line_count = sum(line.quantity > 0 for line in terms.lines)
    row.customer_id = terms.customer.id if terms.customer else None
    row.customer = msgspec.to_builtins(terms.customer)
    row.person = person_of(terms)
    row.country = terms.shipping_address.country if terms.shipping_address else None
    row.ship_by = order.ship_by
    row.deliver_by = order.deliver_by


def person_of(terms: OrderTerms) -> str | None:
    """The id of the key that what is personal in an order is sealed with."""
    persons = (terms.customer, terms.shipping_address, terms.billing_address)
    keys = (key_of(value) for person in persons if person for _, value in personal_values(person))
    return next((key for key in keys if key is not None), None)


def terms_of(placed: OrderPlaced | OrderReceived) -> list[SearchTermRow]:
    """What finds the order. Nothing personal: e-mail addresses are found through an index outside
    the log. The external id of a sensitive order may say what it is about."""
    terms = [term_row(placed.order_id, "number", placed.number)]
    if external_id := placed.terms.external_id:
        terms.append(
            term_row(placed.order_id, "external_id", external_id, sensitive=placed.sensitive)
        )
    return terms


def term_row(
    order_id: str, kind: str, text: str, shipment_id: str = "", *, sensitive: bool = False
) -> SearchTermRow:
    term = folded(text)
    return SearchTermRow(order_id, kind, shipment_id, term, grams(term), sensitive)


def facets_of(row: OrderRow) -> list[str]:
    """The values of an order that lists filter by, each behind the name of the filter."""
    facets = [
        f"status:{row.status}",
        f"payment:{row.payment}",
        f"fulfilment:{row.fulfilment}",
        f"return:{row.returned}",
        *facets_of_places(row.channel, row.locations, row.country),
    ]
    if row.on_hold and row.status not in ENDED:
        facets.append(ON_HOLD)
    facets += [f"tag:{tag}" for tag in row.tags]
    if row.archived:
        facets.append(ARCHIVED)
    return facets


def line_row(order_id: str, progress: LineProgress) -> LineRow:
    """The counters are brought up to date with the page."""
    line = progress.line
    return LineRow(order_id, line.line_id, line.sku, 0, 0, 0, 0, 0, 0, 0, 0)


def update_line(row: LineRow, progress: LineProgress) -> None:
    row.sku = progress.line.sku
    row.ordered = progress.line.quantity
    row.allocated = progress.allocated
    row.packed = progress.packed
    row.backordered = progress.backordered
    row.shipped = progress.shipped
    row.delivered = progress.delivered
    row.cancelled = progress.cancelled
    row.returned = progress.returned


READ_MODEL = ReadModel(
    name="order_status",
    version=14,
    package=__name__.rpartition(".")[0],
    rows=(OrderDocumentRow, OrderRow, LineRow, OrderShipmentRow, SearchTermRow, OrderWeekRow),
    touches=touches,
    fold=fold,
    finish=finish,
    event_types=frozenset(e.type for e in (*ORDER_EVENTS, *SHIPMENT_ROW_EVENTS)),
    by_stream=True,
)
