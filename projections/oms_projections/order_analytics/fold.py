"""Events folded into the rows of figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from oms_ledger.domain.orders.events import HoldReleased, OrderCancelled, OrderHeld, OrderPlaced
from oms_ledger.domain.payments.events import PaymentRequested
from oms_ledger.domain.returns.events import ReturnRequested
from oms_ledger.kernel import Page, ReadModel, Recorded, Row, RowKey
from oms_projections.order_analytics import orders, payments, returns
from oms_projections.order_analytics.rows import (
    HoldFigureRow,
    OrderFigureRow,
    PaymentFigureRow,
    ReturnFigureRow,
)

R = TypeVar("R", bound=Row)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, orders.FOLLOWED) and event.order_id is not None:
        yield OrderFigureRow, (event.order_id,)
    if isinstance(event, OrderHeld | HoldReleased):
        yield HoldFigureRow, (event.order_id, event.hold_id)
    elif isinstance(event, payments.FOLLOWED):
        yield PaymentFigureRow, (event.payment_id,)
    elif isinstance(event, returns.FOLLOWED):
        yield ReturnFigureRow, (event.return_id,)


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, OrderPlaced):
        page.add(orders.placed(r, event))
    elif isinstance(event, PaymentRequested):
        page.add(payments.requested(r, event))
    elif isinstance(event, OrderHeld):
        page.put(_held(r, event, page.get(HoldFigureRow, event.order_id, event.hold_id)))
    elif isinstance(event, HoldReleased):
        hold = _existing(page, HoldFigureRow, r, event.order_id, event.hold_id)
        hold.released_at = r.meta.happened_at
        page.put(hold)
    elif isinstance(event, payments.FOLLOWED):
        payment = _existing(page, PaymentFigureRow, r, event.payment_id)
        payments.changed(payment, r, event)
        page.put(payment)
    elif isinstance(event, returns.FOLLOWED):
        return_ = _existing(page, ReturnFigureRow, r, event.return_id)
        returns.changed(return_, r, event)
        page.put(return_)
    else:
        _fold_order(r, page)


def _held(r: Recorded, event: OrderHeld, before: HoldFigureRow | None) -> HoldFigureRow:
    """A hold, or one that got another reason, or was set again by the same rule; then it counts
    from the last time."""
    if before is not None and before.released_at is None:
        before.reason = event.reason
        return before
    at = r.meta.happened_at
    return HoldFigureRow(event.order_id, event.hold_id, event.reason, at, None)


def _fold_order(r: Recorded, page: Page) -> None:
    """What changes an order; a request of a return is new besides."""
    event = r.event
    if isinstance(event, ReturnRequested):
        page.add(returns.requested(r, event))
    if isinstance(event, orders.FOLLOWED) and event.order_id is not None:
        if isinstance(event, OrderCancelled) and page.get(OrderFigureRow, event.order_id) is None:
            return  # it was cancelled in the queue
        order = _existing(page, OrderFigureRow, r, event.order_id)
        orders.changed(order, r, event)
        page.put(order)


def _existing(page: Page, kind: type[R], r: Recorded, *key: str) -> R:
    row = page.get(kind, *key)
    if row is None:
        raise LookupError(f"{r.event.type} in {r.stream}, without an event that it follows")
    return row


READ_MODEL = ReadModel(
    name="order_analytics",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(OrderFigureRow, HoldFigureRow, PaymentFigureRow, ReturnFigureRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(
        e.type
        for e in (
            OrderPlaced,
            OrderHeld,
            HoldReleased,
            PaymentRequested,
            *orders.FOLLOWED,
            *payments.FOLLOWED,
            *returns.FOLLOWED,
        )
    ),
)
