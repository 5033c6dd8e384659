"""Holds of an order: nothing of it ships while there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import HoldReleased, OrderHeld


@dataclass(slots=True)
class Hold:
    hold_id: str
    reason: str
    note: str | None


Holds: TypeAlias = dict[str, Hold]
"""Holds in force, by `hold_id`."""

HoldEvent: TypeAlias = OrderHeld | HoldReleased


def apply_to_holds(holds: Holds, event: HoldEvent) -> None:
    match event:
        case OrderHeld():
            holds[event.hold_id] = Hold(event.hold_id, event.reason, event.note)
        case HoldReleased():
            del holds[event.hold_id]
        case _:
            assert_never(event)
