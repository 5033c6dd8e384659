"""Fields of shipments in a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Count, Id, LotName, Quantity, SerialNumber, Sku
from oms_ledger.domain.catalogue.state import quantity_of, stored_sku
from oms_ledger.domain.fulfilment.traceability import NamedLots, NamedSerials
from oms_ledger.domain.guards import line_quantity
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Given


@dataclass(frozen=True, slots=True, config=STRICT)
class ShippedLine:
    line_id: Id
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class PackageFields:
    weight_g: Count | None = None
    length_mm: Count | None = None
    width_mm: Count | None = None
    height_mm: Count | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class PickedLot:
    """Units of a line that were picked from a lot; of a kit, with the `sku` of a component."""

    line_id: Id
    lot: LotName
    quantity: Quantity
    sku: Sku | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class LineSerials:
    """The serial numbers of units of a line; of a kit, with the `sku` of a component."""

    line_id: Id
    serials: Annotated[tuple[SerialNumber, ...], Field(min_length=1, max_length=2000)]
    sku: Sku | None = None


def named_lots(picked: Iterable[PickedLot], order: Order, given: Given) -> NamedLots:
    lots: dict[tuple[str, str | None], dict[str, int]] = {}
    for n, each in enumerate(picked):
        of_line, field = lots.setdefault((each.line_id, each.sku), {}), f"lots.{n}"
        if each.sku is None:
            units = line_quantity(each, order, field)
        else:
            sku = stored_sku(each.sku, given)
            units = quantity_of(each.quantity, sku, given, f"{field}.quantity")
        of_line[each.lot] = of_line.get(each.lot, 0) + units
    return lots


def named_serials(lines: Iterable[LineSerials]) -> NamedSerials:
    serials: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for each in lines:
        key = (each.line_id, each.sku)
        serials[key] = (*serials.get(key, ()), *each.serials)
    return serials


ScanCode = Literal[
    "in_transit",
    "out_for_delivery",
    "delivered",
    "exception",
    "attempted_delivery",
    "delayed",
    "failure",
    "return_to_sender",
    "lost",
    "damaged",
    "refused",
]


Force = Annotated[bool, Field(description="In spite of what blocks it, for the `reason`.")]


def check_force(reason: str | None, *, force: bool) -> None:
    """ValueError naming the field where the reason is missing, or there is one without `force`."""
    if force and reason is None:
        raise ValueError("reason: write why the shipment may leave in spite of what blocks it")
    if reason is not None and not force:
        raise ValueError("reason: it belongs to `force: true`; leave it out")
