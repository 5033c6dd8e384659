"""Rows of orders, their lines and their shipments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MemberDescriptorType
from typing import ClassVar, cast

from oms_ledger.kernel import Row
from oms_projections.order_status.document import (
    OrderDocument,
    OrderShipment,
    written,
)


@dataclass(slots=True)
class _Document(Row):
    table: ClassVar[str] = "order_dossiers"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    document: str


class OrderDocumentRow(_Document):
    """The order whole, as JSON text: read back to fold the next event, and to answer for one
    order. Apart from `OrderRow`, so that lists scan narrow rows.

    `opened` and `shown` are no columns: they keep the document and its `OrderRow` at hand while
    several events of the order are on one page, so that the text is parsed and written once."""

    __slots__ = ("opened", "shown")
    opened: OrderDocument | None
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
    """What lists show, filter and sort by; written from the document, never read back. `total`
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
class OrderShipmentRow(OrderShipment, Row):
    """A shipment of the order, and how to find the order by its tracking number."""

    table: ClassVar[str] = "order_parcels"
    key: ClassVar[tuple[str, ...]] = ("shipment_id",)
