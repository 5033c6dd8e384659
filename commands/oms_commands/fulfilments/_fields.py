"""Fields of fulfilment orders in a request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Count, Id, LotName, Quantity, QuantityOrZero
from oms_commands.catalogue._fields import DimensionFields
from oms_ledger.domain.fulfilment.events import Package
from oms_ledger.domain.guards import line_quantities
from oms_ledger.domain.orders.state import Order


@dataclass(frozen=True, slots=True, config=STRICT)
class LineUnits:
    line_id: Id
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class PickedLineFields:
    """`quantity` 0: none was there. `lot` is the batch that the units are of. Not of a kit, whose
    components have lots of their own."""

    line_id: Id
    quantity: QuantityOrZero
    lot: LotName | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ParcelFields:
    """A parcel: its units, weight and outer size."""

    lines: Annotated[tuple[LineUnits, ...], Field(min_length=1, max_length=2000)]
    weight_g: Count | None = None
    dimensions_mm: DimensionFields | None = None

    def package(self, order: Order, field: str) -> Package:
        """As it is kept; `field` is its name in the request."""
        size = self.dimensions_mm
        lines = tuple(line_quantities(self.lines, order, f"{field}.lines"))
        if size is None:
            return Package(self.weight_g, lines=lines)
        return Package(self.weight_g, size.length, size.width, size.height, lines)
