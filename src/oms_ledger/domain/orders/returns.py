"""The returns of an order, as far as the order's guards need them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from oms_ledger.domain.orders.events import ReturnProgressed


@dataclass(slots=True)
class OrderReturn:
    """`units` by `line_id`: those that no other return may have."""

    status: str
    units: dict[str, int]


Returns: TypeAlias = dict[str, OrderReturn]
"""Returns that take up units, by `return_id`: those that still await some, and accepted claims."""


def apply_to_returns(returns: Returns, event: ReturnProgressed) -> None:
    if event.lines:
        units = {line.line_id: line.quantity for line in event.lines}
        returns[event.return_id] = OrderReturn(event.status, units)
    else:
        returns.pop(event.return_id, None)


def units_in_returns(returns: Returns) -> Mapping[str, int]:
    """Units that returns take up, by `line_id`; nothing for a line with none."""
    if not returns:  # of most orders
        return {}
    units: Counter[str] = Counter()
    for each in returns.values():
        units.update(each.units)
    return units
