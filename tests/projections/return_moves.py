"""Moves of the made-up shop that concern returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    ReplacementOrdered,
    RequestedLine,
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnPolicyDefined,
    ReturnReceived,
    ReturnRefunded,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.domain.returns.rules import return_changes
from oms_ledger.domain.returns.state import Return

if TYPE_CHECKING:
    from tests.projections.histories import Shop


def send_back(shop: Shop) -> None:
    """Returns of a sent parcel, each of which goes another way."""
    if not shop.sent:
        return
    _, order_id, some = shop.chance.choice(shop.sent)
    order = shop.orders[order_id]
    for way in range(4):
        for change in return_changes(Return(), life_of_return(shop, way, order, some[0])):
            if isinstance(change.event, ReturnProgressed):
                order.apply(change.event)
            shop.events.append(change.event)
    shop.events.append(ReturnPolicyDefined("standard", shop.chance.randint(7, 30)))


def life_of_return(shop: Shop, way: int, order: Order, units: LineQuantity) -> list[ReturnEvent]:
    sku, return_id = order.lines[units.line_id].line.sku, f"r{len(shop.events)}"
    kind = shop.chance.choice(("return", "claim", "exchange"))
    wanted = RequestedLine(units.line_id, sku, units.quantity, "too small")
    assert order.placed is not None
    requested = ReturnRequested(
        return_id, kind, "refund", (wanted,), order.placed.order_id, channel="web", currency="GBP"
    )
    approved = ReturnApproved(return_id)
    if way == 0:
        return [requested, ReturnDeclined(return_id, "worn"), ReturnReopened(return_id)]
    if way == 1:
        return [requested, approved, ReturnCancelled(return_id)]
    if way == 2:
        return [requested, approved, ReplacementOrdered(return_id, "o1")]
    line = ReceivedLine(units.line_id, sku, units.quantity, "damaged", "LON", "quarantine")
    return [
        requested,
        approved,
        ReturnReceived(return_id, (line,)),
        ReturnRefunded(return_id, "f1", "GBP", (units,), 100, refunded=100),
        ReturnClosed(return_id),
    ]
