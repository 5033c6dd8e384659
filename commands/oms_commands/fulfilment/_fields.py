"""Fields of shipments in a request."""

from __future__ import annotations

from typing import Literal

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
