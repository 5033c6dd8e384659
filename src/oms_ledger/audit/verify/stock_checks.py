"""Invariants of one stock: its counters, and the lots that its units are of."""

from __future__ import annotations

from oms_ledger.domain.stock.events import StockAllocated, StockEvent, StockHeld
from oms_ledger.domain.stock.lots import APPROVED
from oms_ledger.domain.stock.state import StockLevel

STATES = ("available", "damaged", "quarantine")


def promise_fault(level: StockLevel, event: StockEvent) -> tuple[str, str, str] | None:
    """What is promised that is not there: the fault, what would be right and what is. The status
    of a lot may take units from orders that have them; nothing more is sold then."""
    promised = level.allocated + level.held
    there = level.on_hand - level.damaged - level.quarantine
    actual = f"{level.allocated} allocated and {level.held} held"
    if not 0 <= promised <= there or level.allocated < 0 or level.held < 0:
        expected = f"from 0 to the {there} on hand that are not damaged or in quarantine promised"
        return "more is promised than is there", expected, actual
    if isinstance(event, StockAllocated | StockHeld) and promised > level.sellable:
        expected = f"at most the {level.sellable} sellable units promised"
        return "units of a lot that is not approved were sold", expected, actual
    if level.backordered < 0:
        return (
            "less than nothing is owed",
            "0 backordered or more",
            f"{level.backordered} backordered",
        )
    return None


def counters_fault(level: StockLevel) -> str | None:
    """Why the counters of states and lots cannot be right at the end of a command; None where they
    can."""
    if min(level.damaged, level.quarantine, level.blocked, level.incoming) < 0:
        return "a counter of the stock is below 0"
    blocked = 0
    for name, lot in level.lots.items():
        if any(lot.units_in(state) < 0 for state in STATES):
            return f"lot {name} has less than no units in a state"
        if lot.status != APPROVED:
            blocked += lot.units_in("available")
    if blocked != level.blocked:
        return f"{blocked} units are of lots that are not approved, {level.blocked} are blocked"
    for state in STATES:
        if level.without_lot(state) < 0:
            return f"the lots have more {state} units than the stock"
    return None
