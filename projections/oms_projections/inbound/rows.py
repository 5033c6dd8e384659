"""Rows of inbound deliveries, of transfers, and of expected units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class InboundRow(Row):
    """One delivery. `document` is its state as JSON text, which is read back to fold the next
    event. `facets` are what exact filters compare, as `status:expected`. `created_at` and
    `received_at` (the last receipt) are when it happened, `updated_at` when it was recorded."""

    table: ClassVar[str] = "inbound"
    key: ClassVar[tuple[str, ...]] = ("inbound_id",)
    inbound_id: str
    document: str
    facets: list[str]
    expected_at: datetime
    created_at: datetime
    received_at: datetime | None
    updated_at: datetime


@dataclass(slots=True)
class TransferRow(Row):
    """One transfer, as `InboundRow`. `shipped_at` is the last shipment."""

    table: ClassVar[str] = "transfers"
    key: ClassVar[tuple[str, ...]] = ("transfer_id",)
    transfer_id: str
    document: str
    facets: list[str]
    created_at: datetime
    shipped_at: datetime | None
    received_at: datetime | None
    updated_at: datetime


@dataclass(slots=True)
class IncomingRow(Row):
    """Units of a SKU that are expected at a location from one `source`, the id of an inbound
    delivery or a transfer; 0 once they came, or are not expected any more."""

    table: ClassVar[str] = "incoming"
    key: ClassVar[tuple[str, ...]] = ("sku", "location", "source")
    sku: str
    location: str
    source: str
    quantity: int
    expected_at: datetime | None


@dataclass(slots=True)
class IncomingProductRow(Row):
    """A product of which units may be expected. `sensitive`: its rows are left out for readers
    without the right to see such."""

    table: ClassVar[str] = "incoming_products"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    sensitive: bool
