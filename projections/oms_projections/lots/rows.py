"""Rows of lots, of shipped units of lots, and of serial numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class LotRow(Row):
    """Units of a lot at a location. Those `damaged` and in `quarantine` are on hand too.
    `expires_on` is YYYY-MM-DD. `received_at` is when its first units came there."""

    table: ClassVar[str] = "lots"
    key: ClassVar[tuple[str, ...]] = ("sku", "lot", "location")
    sku: str
    lot: str
    location: str
    status: str
    expires_on: str | None
    on_hand: int
    damaged: int
    quarantine: int
    received_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ShippedLotRow(Row):
    """Units of a lot that left with a shipment. `shipped_at` is when it happened, as far as that
    was known then."""

    table: ClassVar[str] = "shipped_lots"
    key: ClassVar[tuple[str, ...]] = ("sku", "lot", "position")
    append_only: ClassVar[bool] = True
    sku: str
    lot: str
    position: int
    location: str
    order_id: str
    line_id: str
    shipment_id: str
    quantity: int
    shipped_at: datetime


@dataclass(slots=True)
class SerialRow(Row):
    """A unit with a serial number, and the shipment that it left with last."""

    table: ClassVar[str] = "serials"
    key: ClassVar[tuple[str, ...]] = ("sku", "serial")
    sku: str
    serial: str
    status: str
    location: str
    order_id: str
    line_id: str
    shipment_id: str
    shipped_at: datetime
    returned_at: datetime | None


@dataclass(slots=True)
class LotProductRow(Row):
    """A product that may have lots. `sensitive`: its rows are left out for readers without the
    right to see such."""

    table: ClassVar[str] = "lot_products"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    sensitive: bool
