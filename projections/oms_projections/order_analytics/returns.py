"""Events of returns folded into their rows of figures."""

from __future__ import annotations

from collections import Counter

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnDeclined,
    ReturnReceived,
    ReturnRefunded,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.kernel import Recorded
from oms_projections.order_analytics.rows import ReturnFigureRow

ReturnChange = (
    ReturnApproved
    | ReturnDeclined
    | ReturnReceived
    | ReturnRefunded
    | ReturnCancelled
    | ReturnReopened
)
FOLLOWED = (
    ReturnApproved,
    ReturnDeclined,
    ReturnReceived,
    ReturnRefunded,
    ReturnCancelled,
    ReturnReopened,
)
"""What changes the figures of a return after it was requested."""


def requested(r: Recorded, event: ReturnRequested) -> ReturnFigureRow:
    units: Counter[str] = Counter()
    for line in event.lines:
        if line.reason is not None and not event.sensitive:
            units[line.reason] += line.quantity
    return ReturnFigureRow(
        return_id=event.return_id,
        channel=None if event.channel is None else channel_key(event.channel),
        sensitive=event.sensitive,
        kind=event.kind,
        currency=event.currency,
        requested_at=r.meta.happened_at,
        units=sum(line.quantity for line in event.lines),
        reasons=[{"reason": reason, "units": number} for reason, number in units.items()],
    )


def changed(row: ReturnFigureRow, r: Recorded, event: ReturnChange) -> None:
    match event:
        case ReturnApproved():
            row.approved = True
        case ReturnDeclined():
            row.declined = True
        case ReturnReceived():
            row.received += sum(line.quantity for line in event.lines)
            row.received_at = r.meta.happened_at
        case ReturnRefunded():
            row.refunded_at = row.refunded_at or r.meta.happened_at
            row.granted += event.amount
            row.refunded += event.refunded
            row.exchanged += event.exchanged
            row.fees += event.fee
        case ReturnCancelled():
            row.cancelled = True
        case ReturnReopened():
            row.declined = row.cancelled = False
