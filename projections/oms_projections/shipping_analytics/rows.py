"""The rows of shipments, and of the orders whose units they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class ShipmentRow(Row):
    """One shipment. Times are when it happened (the carrier's own, where there is one), except
    `updated_at`. `exceptions` counts exception scans, `trouble` is the
    code of the last one, None once a later scan cleared it; `first_exception_at` is the earliest of
    them; `simulated` says that its dates were made up. `facets` are what exact filters compare, as
    `status:created`; `search` is what `q` looks in, `grams` its parts of three characters."""

    table: ClassVar[str] = "shipments"
    key: ClassVar[tuple[str, ...]] = ("shipment_id",)
    shipment_id: str
    order_id: str
    order_number: str
    sensitive: bool
    channel: str
    location: str
    carrier: str
    service: str | None
    status: str
    trouble: str | None
    tracking_number: str | None
    tracking_token: str
    units: int
    lines: list[dict[str, object]]
    packages: list[dict[str, object]]
    scans: list[dict[str, object]]
    exceptions: int
    recipient: dict[str, object] | None
    city: str | None
    country: str | None
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    created_at: datetime
    dispatched_at: datetime | None
    last_scan_at: datetime | None
    delivered_at: datetime | None
    simulated: bool
    version: int
    updated_at: datetime
    cancelled_at: datetime | None
    first_exception_at: datetime | None
    facets: list[str]
    search: str
    grams: list[str]
    fulfilment_id: str | None


@dataclass(slots=True)
class PromiseRow(Row):
    """What an order promises: to ship its units by one time and to deliver them by another, as its
    edits left it. `ordered` and `units` count goods, not services: as ordered, and without those
    that were cancelled by now, the last of them at `cancelled_at`. `services` are the ids of lines
    of which nothing is shipped."""

    table: ClassVar[str] = "shipping_promises"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    sensitive: bool
    channel: str
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    ordered: int
    units: int
    cancelled_at: datetime | None
    services: list[str]
