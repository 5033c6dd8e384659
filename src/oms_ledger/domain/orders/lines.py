"""Lines of an order: what was agreed, and how far each unit has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as agreed; never recomputed. Money in minor units of the order's currency;
    `tax` and `discount` are amounts for the whole line. A line that is not `stocked` is a
    service or a fee: it is charged, not shipped."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    tax: int = 0
    discount: int = 0
    title: str | None = None
    stocked: bool = True

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price + self.tax - self.discount


@dataclass(frozen=True, slots=True)
class Allocation:
    """`quantity` units of `sku` at `location`, promised to a line. The SKU is the line's own
    unless the line is a kit."""

    line_id: str
    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Backorder:
    """Units promised to a line without being there, booked at `location`."""

    line_id: str
    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LineQuantity:
    line_id: str
    quantity: int


@dataclass(slots=True)
class LineProgress:
    """Units of one line by stage. For a stocked line always:
    ordered = allocated + packed + backordered + shipped + cancelled, and
    delivered and returned are parts of shipped."""

    line: OrderLine
    allocated_at: dict[str, int] = field(default_factory=dict)
    backordered_at: dict[str, int] = field(default_factory=dict)
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0

    @property
    def allocated(self) -> int:
        return sum(self.allocated_at.values())

    @property
    def backordered(self) -> int:
        return sum(self.backordered_at.values())

    @property
    def open(self) -> int:
        """Units that are neither shipped nor cancelled."""
        return self.line.quantity - self.shipped - self.cancelled


@dataclass(frozen=True, slots=True)
class Statuses:
    """The four axes of an order. All derived, never set."""

    order: str
    payment: str
    fulfilment: str
    returned: str


def fulfilment_status(lines: Iterable[LineProgress]) -> str:
    """unfulfilled, backordered, partially_shipped, shipped, partially_delivered, delivered or
    cancelled. Services count for nothing here, except that an order of nothing else is
    `not_required`."""
    ordered = shipped = delivered = cancelled = backordered = 0
    for line in lines:
        if not line.line.stocked:
            continue
        ordered += line.line.quantity
        shipped += line.shipped
        delivered += line.delivered
        cancelled += line.cancelled
        backordered += line.backordered
    if ordered == 0:
        return "not_required"
    wanted = ordered - cancelled
    if wanted == 0:
        return "cancelled"
    if delivered >= wanted:
        return "delivered"
    if delivered:
        return "partially_delivered"
    if shipped >= wanted:
        return "shipped"
    if shipped:
        return "partially_shipped"
    return "backordered" if backordered else "unfulfilled"


def order_status(lines: Iterable[LineProgress], *, confirmed: bool, in_work: bool) -> str:
    """pending, confirmed, processing (a shipment exists), fulfilled (all shipped), completed
    (all delivered, or nothing to ship) or cancelled."""
    lines = list(lines)
    if all(line.cancelled == line.line.quantity for line in lines):
        return "cancelled"
    if not confirmed:
        return "pending"
    fulfilment = fulfilment_status(lines)
    if fulfilment in ("delivered", "not_required"):
        return "completed"
    if fulfilment == "cancelled":  # every good was cancelled, a service remains
        return "completed"
    open_units = any(line.open for line in lines if line.line.stocked)
    if not open_units:
        return "fulfilled"
    shipped = any(line.shipped for line in lines)
    return "processing" if in_work or shipped else "confirmed"
