"""The terms of an order as its edits left them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced, OrderReceived
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Event


@dataclass(frozen=True, slots=True)
class Edits:
    """`terms` are those agreed now, `ship_by` and `deliver_by` the promise made now. `newest_id`
    and `newest_difference` (minor units) are those of the newest edit; `postal_area` is that of the
    shipping address."""

    terms: OrderTerms
    ship_by: datetime
    deliver_by: datetime
    newest_id: str
    newest_difference: int
    postal_area: str | None = None


def edits_after(placed: OrderPlaced, edits: Edits | None, event: OrderEdited) -> Edits:
    """The edits of an order after one more; `edits` are those before it, None without any."""
    before: Edits | OrderPlaced = edits or placed
    return Edits(
        _terms_after(before.terms, event),
        event.ship_by or before.ship_by,
        event.deliver_by or before.deliver_by,
        event.edit_id,
        event.difference,
        before.postal_area if event.shipping_address is None else event.postal_area,
    )


def terms_agreed(events: Iterable[Event]) -> OrderTerms | None:
    """The terms after the events of an order, of which those that change no terms may be left out;
    None for an order that was never placed."""
    placed: OrderPlaced | OrderReceived | None = None
    edits: Edits | None = None
    for event in events:
        if isinstance(event, OrderPlaced | OrderReceived):
            placed = event
        elif isinstance(event, OrderEdited) and isinstance(placed, OrderPlaced):
            edits = edits_after(placed, edits, event)
    current = edits or placed
    return None if current is None else current.terms


def _terms_after(terms: OrderTerms, event: OrderEdited) -> OrderTerms:
    changed = {each.line.line_id: each.line for each in event.changed}
    return replace(
        terms,
        lines=(*(changed.get(line.line_id, line) for line in terms.lines), *event.added),
        customer=event.customer or terms.customer,
        shipping_address=event.shipping_address or terms.shipping_address,
        billing_address=event.billing_address or terms.billing_address,
        shipping=event.shipping or terms.shipping,
        promised_ship_at=event.ship_by or terms.promised_ship_at,
        promised_delivery_at=event.deliver_by or terms.promised_delivery_at,
    )
