"""Rows of orders, their lines and their shipments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row
from oms_projections.order_status.document import OrderShipment


@dataclass(slots=True)
class OrderDocumentRow(Row):
    """The order whole. `document` is JSON text that is read back to fold the next event. `answer`
    and `item` are the answer for the order and its place in lists, as JSON text with marks in it
    (`domain/prepared_text.py`): around personal values, which are sealed, and in `answer` around
    the shipments, which lack what `OrderShipmentRow` has. Apart from `OrderRow`, so that lists scan
    narrow rows."""

    table: ClassVar[str] = "order_dossiers"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    document: str = ""
    answer: str = ""
    item: str = ""
    version: int = 0
    sensitive: bool = False


@dataclass(slots=True)
class OrderRow(Row):
    """What lists filter and sort by; written from the document, never read back. `total` and
    `cancelled_total` in minor units; personal values in `customer` keep the form they are stored
    in, which is sealed, with the key of which `person` is the id. `country` is where it goes,
    `last_at` when the last thing happened to it. `facets` are the values that filters look for,
    each behind the name of its filter, for one index."""

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
    tags: list[str]
    archived: bool
    currency: str
    total: int
    cancelled_total: int
    units: int
    line_count: int
    locations: list[str]
    customer_id: str | None
    customer: dict[str, object] | None
    person: str | None
    country: str | None
    facets: list[str]
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
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
class OrderShipmentRow(OrderShipment, Row):
    """A shipment of the order, and how to find the order by its tracking number."""

    table: ClassVar[str] = "order_parcels"
    key: ClassVar[tuple[str, ...]] = ("shipment_id",)


@dataclass(slots=True)
class SearchTermRow(Row):
    """A text by which an order is looked for: its number, its external id, or the tracking number
    of the shipment `shipment_id`. `term` is folded (`search.py`), `grams` are its parts of three
    characters. `sensitive`: it must not find the order for readers without that right."""

    table: ClassVar[str] = "order_terms"
    key: ClassVar[tuple[str, ...]] = ("order_id", "kind", "shipment_id")
    order_id: str
    kind: str
    shipment_id: str
    term: str
    grams: list[str]
    sensitive: bool


@dataclass(slots=True)
class OrderWeekRow(Row):
    """There was an order with the facet in a week, by its `date`: `placed` or `updated`. A facet
    may also be the week in which orders were delivered. Weeks are counted from 1970. Written, never
    read back, and kept where the order has another facet or date by now."""

    table: ClassVar[str] = "order_weeks"
    key: ClassVar[tuple[str, ...]] = ("facet", "date", "week")
    facet: str
    date: str
    week: int


@dataclass(slots=True)
class NumberBeginningRow(Row):
    """There was an order with the facet whose number begins so. The facet `numbers` has what the
    numbers of channels begin with, and a blank text where orders have numbers that do not begin as
    those of their channel do. Written, never read back, and kept where the order has another facet
    by now."""

    table: ClassVar[str] = "order_numbers"
    key: ClassVar[tuple[str, ...]] = ("facet", "beginning")
    facet: str
    beginning: str
