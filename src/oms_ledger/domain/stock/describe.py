"""Events of stock as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.catalogue.events import PreorderPromise
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.phrases import reference_suffix
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    IncomingStockAdded,
    IncomingStockRemoved,
    LotChange,
    PreorderRescheduled,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockHeld,
    StockHoldReleased,
    StockLotsChanged,
    StockLotStatusChanged,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
    StockStateChanged,
)


def describe_stock(event: StockEvent) -> str:
    match event:
        case StockAdjusted():
            change = f"{event.change:+d} x {event.sku} at {event.location}"
            return f"Stock corrected: {change}; {event.reason}{reference_suffix(event.reference)}"
        case StockMovedOut():
            return (
                f"{_goods(event)} moved to {event.to_location}{reference_suffix(event.reference)}"
            )
        case StockMovedIn():
            origin = f"{_goods(event)} came from {event.from_location}"
            return origin + reference_suffix(event.reference)
        case StockReceived():
            return f"{_goods(event)} received{reference_suffix(event.reference)}"
        case StockReturned():
            return f"{_goods(event)} returned to stock{reference_suffix(event.reference)}"
        case StockAllocated():
            return f"{_goods(event)} allocated"
        case StockReleased():
            return f"{_goods(event)} released"
        case StockBackordered():
            return f"{_goods(event)} backordered{_until(event.preorder)}"
        case BackorderReleased():
            return f"{_goods(event)} no longer backordered"
        case PreorderRescheduled():
            return f"{_goods(event)} wait{_until(event.preorder)}"
        case StockHeld():
            return f"{_goods(event)} held"
        case StockHoldReleased():
            return f"{_goods(event)} no longer held"
        case StockShipped():
            return f"{_goods(event)} left the building"
        case ShippedDateCorrected():
            return f"{_goods(event)} left on {rfc3339(event.corrected_to)}: the date was corrected"
        case IncomingStockAdded():
            return f"{_goods(event)} expected"
        case IncomingStockRemoved():
            return f"{_goods(event)} no longer expected"
        case StockStateChanged():
            return f"{_goods(event)}: {event.from_state} to {event.to_state}; {event.reason}"
        case StockLotsChanged():
            return f"Lots of {_place(event)}: {', '.join(map(_lot_change, event.lots))}"
        case StockLotStatusChanged():
            return f"Lot {event.lot} of {_place(event)}: {event.status_before} to {event.status}"
        case _:
            assert_never(event)


def _until(preorder: PreorderPromise | None) -> str:
    return f" until {rfc3339(preorder.available_at)}" if preorder else ""


def _lot_change(lot: LotChange) -> str:
    return f"{lot.change:+d} of {lot.lot}"


def _place(event: StockLotsChanged | StockLotStatusChanged) -> str:
    return f"{event.sku} at {event.location}"


def _goods(
    event: StockReceived
    | StockReturned
    | StockAllocated
    | StockReleased
    | StockBackordered
    | BackorderReleased
    | PreorderRescheduled
    | StockHeld
    | StockHoldReleased
    | StockShipped
    | ShippedDateCorrected
    | StockMovedOut
    | StockMovedIn
    | StockStateChanged
    | IncomingStockAdded
    | IncomingStockRemoved,
) -> str:
    return f"{event.quantity} x {event.sku} at {event.location}"
