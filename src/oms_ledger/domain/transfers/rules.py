"""The decisions behind the arrival of a transfer's goods, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.events import LotChange, StockAdjusted, StockMovedIn
from oms_ledger.domain.stock.movements import (
    damaged_on_arrival,
    incoming_removed,
    lots_changed,
)
from oms_ledger.domain.transfers.events import (
    ReceivedTransferLine,
    TransferClosed,
    TransferLine,
)
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Change, Given

SURPLUS = "transfer_surplus"
"""The reason of the adjustment by units that arrived and were never shipped."""


def arriving_lots(
    transfer: Transfer, line: ReceivedTransferLine, given: Given
) -> tuple[LotChange, ...]:
    """The lots of units that arrive, of those in transit: first the lots that expire first, with
    the status that they have now. Units in transit that are of no lot arrive last."""
    rest = line.quantity - line.surplus
    came: list[LotChange] = []
    in_transit = transfer.lines[line.sku].lots.values()
    for lot in sorted(in_transit, key=lambda each: (each.expires_on or "9999-12-31", each.lot)):
        units = min(rest, lot.change)
        rest -= units
        if units:
            state = given.state(Lot, lot_key(line.sku, lot.lot))
            came.append(LotChange(lot.lot, units, state.status, state.expires_on))
    return tuple(came)


def arrival(transfer_id: str, transfer: Transfer, line: ReceivedTransferLine) -> list[Change]:
    """The events of the stock at the second location when units arrive."""
    sku, place = line.sku, transfer.to_location
    sent = line.quantity - line.surplus
    changes: list[Change] = []
    if sent:
        moved = StockMovedIn(sku, place, sent, transfer.from_location, transfer_id)
        changes += [Change(moved), *incoming_removed(sku, place, sent, transfer_id)]
    if line.surplus:
        adjusted = StockAdjusted(sku, place, line.surplus, SURPLUS, transfer_id)
        changes.append(Change(adjusted))
    changes += lots_changed(sku, place, line.lots, transfer_id)
    return changes + damaged_on_arrival(sku, place, line.damaged, transfer_id, line.lots)


def close(
    transfer_id: str,
    transfer: Transfer,
    received: Sequence[ReceivedTransferLine],
    reason: str | None,
) -> list[Change]:
    """The end of a transfer, of which these lines are `received` by the same command: what is in
    transit then is lost, and not expected any more."""
    in_transit = {sku: line.in_transit for sku, line in transfer.lines.items()}
    for each in received:
        in_transit[each.sku] -= each.quantity - each.surplus
    lost = tuple(TransferLine(sku, units) for sku, units in in_transit.items() if units)
    return [
        Change(TransferClosed(transfer_id, lost, reason)),
        *_no_longer_expected(transfer_id, transfer.to_location, lost),
    ]


def _no_longer_expected(source: str, place: str, lost: Iterable[TransferLine]) -> list[Change]:
    return [
        change
        for line in lost
        for change in incoming_removed(line.sku, place, line.quantity, source)
    ]
