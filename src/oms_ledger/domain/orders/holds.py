"""Holds of an order: nothing of it, or of the lines they name, ships while there is one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import HoldReleased, OrderHeld
from oms_ledger.domain.orders.rule_inputs import RuleInput


@dataclass(slots=True)
class Hold:
    """`lines` are the ids of the lines that are held; none: the whole order is. `rule` is the hold
    rule that has set it, from `inputs`; None where a person has."""

    hold_id: str
    reason: str
    note: str | None
    lines: tuple[str, ...] = ()
    rule: str | None = None
    inputs: tuple[RuleInput, ...] = ()

    def applies_to(self, line_ids: Collection[str]) -> bool:
        """Whether any of these lines is held."""
        return not self.lines or any(line_id in line_ids for line_id in self.lines)


Holds: TypeAlias = dict[str, Hold]
"""Holds in force, by `hold_id`."""

HOLDABLE = frozenset({"pending", "scheduled", "confirmed", "processing"})
"""Statuses of an order of which something is left to hold back."""

HoldEvent: TypeAlias = OrderHeld | HoldReleased


def apply_to_holds(holds: Holds, event: HoldEvent) -> None:
    match event:
        case OrderHeld():
            holds[event.hold_id] = Hold(
                event.hold_id, event.reason, event.note, event.lines, event.rule, event.inputs
            )
        case HoldReleased():
            del holds[event.hold_id]
        case _:
            assert_never(event)
