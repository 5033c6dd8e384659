"""Units that come into a stock and leave it, with their lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import lot_key, stock_key
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.events import (
    IncomingStockRemoved,
    LotChange,
    StockLotsChanged,
    StockStateChanged,
)
from oms_ledger.domain.stock.lots import (
    APPROVED,
    LotBalance,
    first_expired_first_out,
    is_expired,
    taken,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given


def day_of(at: datetime) -> str:
    """The day of a time in UTC, by which lots expire and capacity is counted: YYYY-MM-DD."""
    return at.date().isoformat()


class LotReceipts:
    """Lots that come with one command, on a `day` in UTC. Each is defined once."""

    def __init__(self, day: str, given: Given) -> None:
        self._day = day
        self._given = given
        self._new: dict[str, Lot] = {}

    def receive(
        self, sku: str, lot: str, units: int, expires_on: str | None
    ) -> tuple[list[Change], LotChange]:
        """The event that defines a lot of which the first units come, if they are, and the change
        of its units. `Refused` with `lot_expiry_differs` where its last day is another."""
        key = lot_key(sku, lot)
        state = self._new.get(key) or self._given.state(Lot, key)
        defined: list[Change] = []
        if not state.version:
            status = "expired" if is_expired(expires_on, self._day) else APPROVED
            defined = [Change(LotDefined(sku, lot, status, expires_on))]
            state = self._new[key] = Lot(1, status, expires_on)
        elif expires_on not in (None, state.expires_on):
            raise Refused(
                f"Lot {lot} of {sku} expires on {state.expires_on or 'no day'}, not on"
                f" {expires_on}. Correct it with PUT /v1/lots/{{sku}}/{{lot}}, or leave"
                " `expires_on` out.",
                code="lot_expiry_differs",
                errors=[{"sku": sku, "lot": lot, "expires_on": state.expires_on}],
            )
        return defined, LotChange(lot, units, state.status, state.expires_on)


def picked_lots(
    level: StockLevel, sku: str, location: str, units: int, day: str, used: dict[str, int]
) -> tuple[LotChange, ...]:
    """The lots of units that are picked on a day: those that expire first, then units that are of
    no lot. `used` are units by lot that were picked before, and gets these; under the empty name
    those of no lot. `Refused` with `lot_unavailable` where there are not so many."""
    if not level.lots:
        return ()
    picked = first_expired_first_out(units, level.lots, day, used)
    rest = units - sum(picked.values())
    without = level.without_lot() - used.get("", 0)
    if rest > without:
        raise _unavailable(sku, location, units, units - rest + max(0, without))
    for name, number in (*picked.items(), ("", rest)):
        used[name] = used.get(name, 0) + number
    return taken(picked, level.lots)


def named_lot(
    level: StockLevel, sku: str, location: str, lot: str, units: int, day: str | None
) -> LotChange:
    """The change by which units of a lot leave. `day`: only where they can be picked on it.
    `Refused` with `lot_unavailable` where there are not so many."""
    balance = level.lots.get(lot, LotBalance())
    there = balance.units_in("available") if day is None else balance.sellable(day)
    if units > there:
        raise _unavailable(sku, location, units, there, lot)
    return LotChange(lot, -units, balance.status, balance.expires_on)


def _unavailable(
    sku: str, location: str, wanted: int, available: int, lot: str | None = None
) -> Refused:
    what = f"lot {lot} of {sku}" if lot else sku
    return Refused(
        f"Of {what} at {location} {available} units can be taken, {wanted} are wanted: the rest is"
        " of lots that are expired, on hold, quarantined or recalled. GET /v1/lots lists them;"
        " take fewer, or take them from another place.",
        code="lot_unavailable",
        errors=[
            {
                "sku": sku,
                "location": location,
                "lot": lot,
                "requested": wanted,
                "available": available,
            }
        ],
    )


def lot_received(sku: str, name: str, units: int, remedy: str, given: Given) -> LotChange:
    """The change by which units of a lot come in. `Refused` with `unknown_lot` and the `remedy`
    where there never was such a lot."""
    lot = given.state(Lot, lot_key(sku, name))
    if not lot.version:
        raise Refused(
            f"There is no lot {name} of {sku}. {remedy}",
            code="unknown_lot",
            errors=[{"sku": sku, "lot": name}],
        )
    return LotChange(name, units, lot.status, lot.expires_on)


def lots_of_adjustment(
    level: StockLevel, sku: str, location: str, change: int, lot: str | None, given: Given
) -> list[LotChange]:
    """The lots whose units an adjustment adds or takes away: of `lot`; else units that are of no
    lot first, then those of lots that expire first. `Refused` with `unknown_lot` where there never
    was such a lot."""
    if lot is not None:
        if change < 0:
            return [named_lot(level, sku, location, lot, -change, None)]
        remedy = "Receive it with POST /v1/stock/receipts, or leave `lot` out."
        return [lot_received(sku, lot, change, remedy, given)]
    if change > 0 or not level.lots:
        return []
    units = first_expired_first_out(max(0, -change - level.without_lot()), level.lots, None, {})
    return list(taken(units, level.lots))


def arriving(lots: Iterable[LotChange]) -> tuple[LotChange, ...]:
    """The same units at the place to which they went."""
    return tuple(replace(lot, change=-lot.change) for lot in lots)


def lots_changed(
    sku: str, location: str, lots: Sequence[LotChange], reference: str | None = None
) -> list[Change]:
    """The event of these changes, where there are any."""
    if not lots:
        return []
    return [Change(StockLotsChanged(sku, location, tuple(lots), reference))]


def require_free(
    level: StockLevel, sku: str, location: str, units: int, lot: str | None = None
) -> None:
    """`Refused` with `insufficient_stock` where fewer units are promised to nobody. Units of a
    `lot` that is blocked are promised to nobody."""
    blocked = lot in level.lots and level.lots[lot].status != APPROVED if lot else False
    if not blocked and units > level.free:
        remedy = "Cancel or re-allocate orders first, or take fewer."
        raise _too_few_free(location, {sku: units}, {sku: max(0, level.free)}, remedy)


def require_all_free(units: Mapping[str, int], location: str, remedy: str, given: Given) -> None:
    """`Refused` with `insufficient_stock`, naming every SKU of which the location has fewer units
    that are promised to nobody. `units` by SKU."""
    free = {sku: max(0, given.state(StockLevel, stock_key(sku, location)).free) for sku in units}
    short = {sku: wanted for sku, wanted in units.items() if wanted > free[sku]}
    if short:
        raise _too_few_free(location, short, free, remedy)


def _too_few_free(
    location: str, wanted: Mapping[str, int], free: Mapping[str, int], remedy: str
) -> Refused:
    texts = ", ".join(f"{free[sku]} of {units} {sku}" for sku, units in wanted.items())
    return Refused(
        f"Too few units at {location} are promised to nobody: {texts}. {remedy}",
        code="insufficient_stock",
        errors=[
            {"sku": sku, "location": location, "requested": units, "available": free[sku]}
            for sku, units in wanted.items()
        ],
    )


def state_changed(level: StockLevel, event: StockStateChanged) -> Change:
    """The change of state, with the status of the lot. `Refused` with `insufficient_stock` where
    the stock has fewer units in that state that are promised to nobody, and with `lot_required`
    where it has them of lots alone and none is named."""
    sku, location, units, state = event.sku, event.location, event.quantity, event.from_state
    if state == "available":
        require_free(level, sku, location, units, event.lot)
    if event.lot is None:
        there = level.without_lot(state)
    else:
        there = level.lots.get(event.lot, LotBalance()).units_in(state)
    if units > there:
        in_lots = event.lot is None and units <= level.units_in(state)
        remedy = "Name their lot with `lot`." if in_lots else "Take fewer."
        raise Refused(
            f"Of {sku} at {location}{f' in lot {event.lot}' if event.lot else ''} {there} units"
            f"{'' if event.lot else ' without a lot'} are {state}, {units} are wanted. {remedy}",
            code="lot_required" if in_lots else "insufficient_stock",
            errors=[{"sku": sku, "location": location, "requested": units, "available": there}],
        )
    lot_status = level.lots[event.lot].status if event.lot is not None else None
    return Change(replace(event, lot_status=lot_status))


def damaged_on_arrival(
    sku: str, location: str, units: int, reference: str, lots: Sequence[LotChange]
) -> list[Change]:
    """The events by which units that have just come are damaged: of `lots`, which came with them,
    in their order; the rest is of no lot."""
    changes: list[Change] = []
    parts = [(lot.lot, lot.status, lot.change) for lot in lots]
    for name, status, there in (*parts, (None, None, units)):
        part = min(units, there)
        units -= part
        if part:
            event = StockStateChanged(
                sku,
                location,
                part,
                "available",
                "damaged",
                "Damaged on arrival",
                reference,
                name,
                status,
            )
            changes.append(Change(event))
    return changes


def incoming_removed(sku: str, location: str, units: int, source: str) -> list[Change]:
    """The event by which units of a source are not expected any more, where there are any."""
    if not units:
        return []
    return [Change(IncomingStockRemoved(sku, location, units, source))]
