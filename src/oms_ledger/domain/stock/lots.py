"""Lots of the stock of one SKU at one location. Units of the lot that expires first leave first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from oms_ledger.domain.stock.events import (
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockStateChanged,
)

APPROVED = "approved"
"""The status of a lot whose units are sold and picked. Any other blocks them."""

LotStatus: TypeAlias = Literal["approved", "on_hold", "quarantined", "recalled"]
"""The statuses that a person gives to a lot. `expired` follows from its date."""


class UnitsByState:
    """Units on hand, of which some are damaged or in quarantine."""

    __slots__ = ()
    on_hand: int
    damaged: int
    quarantine: int

    @property
    def unsellable(self) -> int:
        """Damaged or in quarantine."""
        return self.damaged + self.quarantine

    def units_in(self, state: str) -> int:
        """Units on hand that are available, damaged or in quarantine."""
        if state == "available":
            return self.on_hand - self.unsellable
        return self.damaged if state == "damaged" else self.quarantine


@dataclass(slots=True)
class LotBalance(UnitsByState):
    """Units of one lot at one location. Those `damaged` or in `quarantine` are on hand too.
    `expires_on` (YYYY-MM-DD) is the last day on which they can be used."""

    on_hand: int = 0
    damaged: int = 0
    quarantine: int = 0
    status: str = APPROVED
    expires_on: str | None = None

    def sellable(self, day: str | None) -> int:
        """Units that can be sold and picked on a day; where that is None, on any."""
        if self.status != APPROVED or (day is not None and is_expired(self.expires_on, day)):
            return 0
        return self.on_hand - self.unsellable


def is_expired(expires_on: str | None, day: str) -> bool:
    """Whether the last day on which a lot can be used was before a day. Both are YYYY-MM-DD."""
    return expires_on is not None and expires_on < day


def book_lots(lots: dict[str, LotBalance], event: StockLotsChanged) -> None:
    for change in event.lots:
        lot = lots.setdefault(change.lot, LotBalance())
        lot.on_hand += change.change
        lot.status, lot.expires_on = change.status, change.expires_on
        if not lot.on_hand:
            del lots[change.lot]


def book_lot_status(lots: Mapping[str, LotBalance], event: StockLotStatusChanged) -> None:
    lot = lots[event.lot]
    lot.status, lot.expires_on = event.status, event.expires_on


class StateCounters(Protocol):
    """The counters that a change of state moves: of a stock, a lot, or a read model's row."""

    damaged: int
    quarantine: int


def book_state(counters: StateCounters, event: StockStateChanged) -> None:
    """Move the units to their new state."""
    for state, change in ((event.from_state, -event.quantity), (event.to_state, event.quantity)):
        if state == "damaged":
            counters.damaged += change
        elif state == "quarantine":
            counters.quarantine += change


def by_expiry(lots: Mapping[str, LotBalance]) -> list[str]:
    """Names of lots in the order in which their units leave: first those that expire first, last
    those without a date."""
    return sorted(lots, key=lambda name: (lots[name].expires_on or "9999-12-31", name))


def taken(units: Mapping[str, int], lots: Mapping[str, LotBalance]) -> tuple[LotChange, ...]:
    """The changes by which units of lots, by name, leave."""
    return tuple(
        LotChange(name, -number, lots[name].status, lots[name].expires_on)
        for name, number in units.items()
        if number
    )


def first_expired_first_out(
    units: int, lots: Mapping[str, LotBalance], day: str | None, used: Mapping[str, int]
) -> dict[str, int]:
    """Units of each lot that are picked on a day for `units`, fewer where there are not so many.
    `used` are units by lot that are gone already."""
    picked: dict[str, int] = {}
    for name in by_expiry(lots):
        there = lots[name].sellable(day) - used.get(name, 0)
        take = min(there, units - sum(picked.values()))
        if take > 0:
            picked[name] = take
    return picked


def units_without_lot(units: int, state: str, lots: Iterable[LotBalance]) -> int:
    """Of the `units` of a stock that are in a state, those that are of no lot."""
    return units - sum(lot.units_in(state) for lot in lots)
