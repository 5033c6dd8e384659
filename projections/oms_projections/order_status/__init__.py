"""Where every order stands: one row per order, per line and per parcel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MemberDescriptorType
from typing import ClassVar, cast

import msgspec

from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    OrderCancelled,
    OrderEvent,
    OrderPlaced,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.kernel import Page, ReadModel, Recorded, Row, RowKey
from oms_projections.order_status.document import (
    Dossier,
    Parcel,
    follow,
    parcel_after,
    read,
    written,
)


@dataclass(slots=True)
class _Document(Row):
    table: ClassVar[str] = "order_dossiers"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    document: str


class DossierRow(_Document):
    """The order whole, as JSON text: read back to fold the next event, and to answer for one
    order. Apart from `OrderRow`, so that lists scan narrow rows.

    `opened` and `shown` are no columns: they keep the dossier and its `OrderRow` at hand while
    several events of the order are on one page, so that the text is parsed and written once."""

    __slots__ = ("opened", "shown")
    opened: Dossier | None
    shown: OrderRow | None

    @property
    def document(self) -> str:
        return _text.__get__(self) if self.opened is None else written(self.opened)

    @document.setter
    def document(self, text: str) -> None:
        _text.__set__(self, text)
        self.opened = self.shown = None


_text = cast(MemberDescriptorType, _Document.__dict__["document"])


@dataclass(slots=True)
class OrderRow(Row):
    """What lists show, filter and sort by; written from the dossier, never read back. `total`
    in minor units; `search` is lower-cased; personal values in `customer` keep the form they
    are stored in, which is sealed, with the key of which `person` is the id. `country` is where
    it goes, `last_at` when the last thing happened to it."""

    table: ClassVar[str] = "orders"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: str
    payment: str
    fulfilment: str
    returned: str
    on_hold: bool
    currency: str
    total: int
    units: int
    line_count: int
    locations: list[str]
    customer_id: str | None
    customer: dict[str, object] | None
    person: str | None
    country: str | None
    search: str
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    shipped_at: datetime | None
    last_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class LineRow(Row):
    """How far each unit of a line has come; written, never read back."""

    table: ClassVar[str] = "order_lines"
    key: ClassVar[tuple[str, ...]] = ("order_id", "line_id")
    order_id: str
    line_id: str
    sku: str
    ordered: int
    allocated: int
    packed: int
    backordered: int
    shipped: int
    delivered: int
    cancelled: int
    returned: int


@dataclass(slots=True)
class ParcelRow(Parcel, Row):
    """A shipment of the order, and how to find the order by its tracking number."""

    table: ClassVar[str] = "order_parcels"
    key: ClassVar[tuple[str, ...]] = ("shipment_id",)


PARCEL_EVENTS = (ShipmentCreated, ShipmentLabelled, ShipmentDispatched)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, (OrderPlaced, ShipmentCreated)):
        return ()  # the first of its stream: there is nothing to read
    if isinstance(event, ORDER_EVENTS):
        return ((DossierRow, (event.order_id,)),)
    if isinstance(event, PARCEL_EVENTS):
        return ((ParcelRow, (event.shipment_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ORDER_EVENTS):
        followed(r, event, page)
    elif isinstance(event, PARCEL_EVENTS):
        _parcel(r, event, page)


def followed(r: Recorded, event: OrderEvent, page: Page) -> None:
    row = DossierRow(event.order_id, "")
    put = page.put
    if isinstance(event, OrderPlaced):
        row.opened = Dossier()
        put = page.add
    else:
        known = page.get(DossierRow, event.order_id)
        if known is None:
            raise LookupError(f"{event.type} for order {event.order_id}, never placed")
        row = known
    dossier = row.opened = row.opened or read(row.document)
    follow(dossier, r)
    put(row)
    row.shown = shown = row.shown or order_row(dossier)
    brought_up_to_date(shown, dossier, r)
    put(shown)
    for line_id in lines_of(event):
        put(line_row(event.order_id, dossier.order, line_id))


def _parcel(
    r: Recorded, event: ShipmentCreated | ShipmentLabelled | ShipmentDispatched, page: Page
) -> None:
    first = isinstance(event, ShipmentCreated)
    known = None if first else page.get(ParcelRow, event.shipment_id)
    parcel = parcel_after(known, r)
    if parcel is None:
        return
    if isinstance(parcel, ParcelRow):
        page.put(parcel)
    else:
        page.add(parcel_row(parcel))


def parcel_row(parcel: Parcel) -> ParcelRow:
    return ParcelRow(
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
        case OrderPlaced():
            return [line.line_id for line in event.terms.lines]
        case BackordersAllocated():
            allocated = {a.line_id for a in event.allocations}
            return allocated | {b.line_id for b in event.backorders_released}
        case (
            OrderCancelled()
            | UnitsPacked()
            | UnitsUnpacked()
            | UnitsShipped()
            | UnitsDelivered()
            | UnitsReturned()
        ):
            return [line.line_id for line in event.lines]
        case _:
            return ()


def order_row(dossier: Dossier) -> OrderRow:
    """What was agreed; the rest is brought up to date with each event."""
    placed = dossier.order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
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
        currency=terms.currency,
        total=terms.total,
        units=sum(line.quantity for line in terms.lines if line.stocked),
        line_count=len(terms.lines),
        locations=[],
        customer_id=terms.customer.id if terms.customer else None,
        customer=msgspec.to_builtins(terms.customer),
        person=person_of(terms),
        country=terms.shipping_address.country if terms.shipping_address else None,
        search=search_text(placed),
        placed_at=placed.placed_at,
        ship_by=placed.ship_by,
        deliver_by=placed.deliver_by,
        shipped_at=None,
        last_at=placed.placed_at,
        updated_at=placed.placed_at,
    )


def brought_up_to_date(row: OrderRow, dossier: Dossier, r: Recorded) -> None:
    order = dossier.order
    statuses = order.statuses
    row.version = order.version
    row.status = statuses.order
    row.payment = statuses.payment
    row.fulfilment = statuses.fulfilment
    row.returned = statuses.returned
    row.on_hold = bool(order.holds)
    row.locations = dossier.locations
    row.shipped_at = dossier.shipped_at
    row.last_at = dossier.last_at or r.meta.happened_at
    row.updated_at = r.meta.recorded_at


def person_of(terms: OrderTerms) -> str | None:
    """The id of the key that what is personal in an order is sealed with."""
    keys = (key_of(value) for _, value in personal_values(terms))
    return next((key for key in keys if key is not None), None)


def search_text(placed: OrderPlaced) -> str:
    """What `q` looks in: number and external id. Nothing personal: e-mail addresses are found
    through an index outside the log."""
    words = (placed.number, placed.terms.external_id)
    return "\n".join(word for word in words if word).lower()


def line_row(order_id: str, order: Order, line_id: str) -> LineRow:
    progress = order.lines[line_id]
    return LineRow(
        order_id,
        line_id,
        progress.line.sku,
        progress.line.quantity,
        progress.allocated,
        progress.packed,
        progress.backordered,
        progress.shipped,
        progress.delivered,
        progress.cancelled,
        progress.returned,
    )


READ_MODEL = ReadModel(
    name="order_status",
    version=3,
    package=__name__,
    rows=(DossierRow, OrderRow, LineRow, ParcelRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in (*ORDER_EVENTS, *PARCEL_EVENTS)),
)
