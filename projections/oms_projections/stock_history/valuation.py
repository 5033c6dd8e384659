"""What units cost that come and leave: first in first out, and by moving average.

Values are whole minor units: what leaves is rounded, and the last unit takes the rest, so that
nothing is worth nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from oms_ledger.domain.money import in_proportion
from oms_projections.stock_history.rows import ValuationRow

Layers: TypeAlias = list[list[int]]
"""Units with the cost of each, the oldest first."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Layers).decode


def come_in(row: ValuationRow, units: int, unit_cost: int) -> None:
    """Units that come, at what each costs."""
    row.on_hand += units
    row.average_value += units * unit_cost
    layers = _decode(row.layers)
    if layers and layers[-1][1] == unit_cost:
        layers[-1][0] += units
    else:
        layers.append([units, unit_cost])
    row.layers = _encode(layers).decode()


def go_out(row: ValuationRow, units: int) -> tuple[int, int]:
    """Units that leave. What they cost: first in first out, and by moving average. Units that were
    there before the SKU had a cost have none, and leave last."""
    valued = min(units, row.on_hand)
    average = in_proportion(row.average_value, valued, row.on_hand) if valued else 0
    row.on_hand -= valued
    row.average_value -= average
    layers = _decode(row.layers)
    fifo = _first_in_first_out(layers, valued)
    row.layers = _encode(layers).decode()
    return fifo, average


def _first_in_first_out(layers: Layers, units: int) -> int:
    cost = 0
    while units and layers:
        there, unit_cost = layers[0]
        taken = min(there, units)
        cost += taken * unit_cost
        units -= taken
        layers[0][0] -= taken
        if not layers[0][0]:
            del layers[0]
    return cost


def average_cost(row: ValuationRow) -> int:
    """The cost of a unit by moving average; the newest cost where there are none."""
    if not row.on_hand:
        return row.unit_cost
    return in_proportion(row.average_value, 1, row.on_hand)


def fifo_value(row: ValuationRow) -> int:
    return sum(units * unit_cost for units, unit_cost in _decode(row.layers))
