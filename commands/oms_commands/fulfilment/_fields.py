"""Fields of shipments in a request."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Count, Id, Quantity


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
]


Force = Annotated[bool, Field(description="In spite of what blocks it, for the `reason`.")]


def check_force(reason: str | None, *, force: bool) -> None:
    """ValueError naming the field where the reason is missing, or there is one without `force`."""
    if force and reason is None:
        raise ValueError("reason: write why the shipment may leave in spite of what blocks it")
    if reason is not None and not force:
        raise ValueError("reason: it belongs to `force: true`; leave it out")
