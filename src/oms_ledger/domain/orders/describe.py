"""Events of orders as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    CreditGranted,
    FulfilmentReleased,
    HoldReleased,
    OrderArchived,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderEvent,
    OrderHeld,
    OrderNoted,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    OrderRiskAssessed,
    OrderTagged,
    OrderUnarchived,
    PaymentProgressed,
    ReturnProgressed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.phrases import note_suffix, plural, reference_suffix, tags_text

Skus = Mapping[str, str]
"""SKU of each line of the order, by line id."""


def describe_order(event: OrderEvent, skus: Skus) -> list[str]:
    match event:
        case OrderPlaced():
            return [_placed(event), *_allocated(event.allocations), *_short(event.backorders)]
        case OrderReceived():
            return [f"{_placed(event)}; it is in the queue"]
        case OrderRejected():
            return [f"Order rejected: {event.detail}"]
        case OrderConfirmed():
            return ["Order confirmed"]
        case FulfilmentReleased():
            work = f"Work on fulfilment order {event.fulfilment_id} began"
            return [work if event.fulfilment_id else "Released for shipping"]
        case OrderCancelled():
            why = f"reason: {event.reason}" + note_suffix(event.note)
            return [f"Cancelled {_units(event.lines, skus)}; {why}", *_freed(event)]
        case OrderEdited():
            return [_edited(event), *_edits(event, skus), *_moved(event)]
        case BackordersAllocated():
            return [*_other_stock(event), *_allocated(event.allocations)]
        case OrderHeld():
            return [_describe_hold(event)]
        case OrderRiskAssessed():
            return [_describe_risk(event)]
        case HoldReleased():
            return [f"Hold {event.hold_id} released"]
        case UnitsPacked():
            return [f"Packed {_units(event.lines, skus)} at {event.location}"]
        case UnitsUnpacked():
            return [f"Unpacked {_units(event.lines, skus)} at {event.location}"]
        case UnitsShipped():
            return [f"Shipped {_units(event.lines, skus)}"]
        case UnitsDelivered():
            return [f"Delivered {_units(event.lines, skus)}"]
        case UnitsDateCorrected():
            fact = "Shipped" if event.date == "dispatched_at" else "Delivered"
            return [f"{fact} on {rfc3339(event.corrected_to)}: the date was corrected"]
        case UnitsReturned():
            return [f"Returned {_units(event.lines, skus)}{reference_suffix(event.reference)}"]
        case OrderResumed():
            resumed = f"Resumed {_units(event.lines, skus)}{note_suffix(event.note)}"
            return [resumed, *_allocated(event.allocations), *_short(event.backorders)]
        case OrderTagged():
            return [tags_text(event.added, event.removed)]
        case OrderNoted():
            return [f"Note: {event.text}"]
        case OrderArchived():
            return ["Order archived"]
        case OrderUnarchived():
            return ["Order taken out of the archive"]
        case PaymentProgressed():
            return [_payment(event)]
        case ReturnProgressed():
            return [f"Return {event.return_id} is {event.status.replace('_', ' ')}"]
        case CreditGranted():
            return [_credit(event, skus)]
        case _:
            assert_never(event)


def _edited(event: OrderEdited) -> str:
    total = f"the total is {Money(event.total_after, event.currency)}"
    if event.total_before != event.total_after:
        total += f" instead of {to_text(event.total_before, event.currency)}"
    notified = "; the customer is notified" if event.notify_customer else ""
    return f"Order edited: {total}{notified}{note_suffix(event.note)}"


def _edits(event: OrderEdited, skus: Skus) -> list[str]:
    currency = event.currency
    texts = [f"{line.quantity} x {line.sku} added" for line in event.added]
    for each in event.changed:
        sku = skus.get(each.line.line_id, each.line.sku)
        if each.line.quantity != each.quantity_before:
            texts.append(f"{each.line.quantity} x {sku} instead of {each.quantity_before}")
        if each.repriced:
            texts.append(f"{sku} costs {Money(each.line.unit_price, currency)} a piece now")
    for waiting in event.rescheduled:
        if waiting.preorder is not None:
            at = rfc3339(waiting.preorder.available_at)
            texts.append(f"{waiting.quantity} x {waiting.sku} is to be there by {at} now")
    if event.customer is not None:
        texts.append("Customer changed")
    if event.shipping_address is not None:
        texts.append("Shipping address changed")
    if event.billing_address is not None:
        texts.append("Billing address changed")
    if event.shipping is not None:
        charge = Money(event.shipping.amount, currency)
        texts.append(f"Shipping is {event.shipping.service} for {charge} now")
    if event.ship_by is not None:
        texts.append(f"Promised to be shipped by {rfc3339(event.ship_by)}")
    if event.deliver_by is not None:
        texts.append(f"Promised to be delivered by {rfc3339(event.deliver_by)}")
    return texts


def _moved(event: OrderEdited) -> list[str]:
    """The stock that an edit freed and took."""
    return [*_freed(event), *_allocated(event.allocations), *_short(event.backorders)]


def _payment(event: PaymentProgressed) -> str:
    status = event.status.replace("_", " ")
    amounts = {
        "pending": event.pending,
        "authorised": event.open,
        "captured": event.captured,
        "on its way back": event.refunding,
        "refunded": event.refunded,
        "charged back": event.charged_back,
    }
    parts = [f"{Money(minor, event.currency)} {what}" for what, minor in amounts.items() if minor]
    text = f"Payment {event.payment_id} by {event.provider} is {status}"
    return f"{text}: {', '.join(parts)}" if parts else text


def _credit(event: CreditGranted, skus: Skus) -> str:
    parts = [f"{_units(event.lines, skus)}"] if event.lines else []
    parts += ["shipping"] if event.shipping else []
    parts += ["a favour"] if event.adjustment > 0 else []
    parts += ["less a fee"] if event.adjustment < 0 else []
    amount = Money(event.amount, event.currency)
    return f"{amount} credited for {', '.join(parts)}; reason: {event.reason}"


def _placed(event: OrderPlaced | OrderReceived) -> str:
    terms = event.terms
    total = to_text(terms.total, terms.currency)
    lines = plural(len(terms.lines), "line")
    done = "placed" if isinstance(event, OrderPlaced) else "received"
    if isinstance(event, OrderPlaced) and event.imported is not None:
        done = f"{event.number} imported (stock: {event.imported.stock}), placed"
    return f"Order {done} through {terms.channel}: {lines}, {total} {terms.currency}"


def _allocated(allocations: Iterable[Allocation]) -> list[str]:
    return [f"{a.quantity} x {a.sku} allocated at {a.location}" for a in allocations]


def _short(backorders: Iterable[Backorder]) -> list[str]:
    return [f"{b.quantity} x {b.sku} backordered at {b.location}" for b in backorders]


def _other_stock(event: BackordersAllocated) -> list[str]:
    if not event.released:
        return ["Stock came in for what was backordered"]
    return ["Routed to other places", *_freed(event), *_short(event.backorders)]


def _freed(event: OrderCancelled | OrderEdited | BackordersAllocated) -> list[str]:
    freed = [f"{a.quantity} x {a.sku} released at {a.location}" for a in event.released]
    wanted_no_more = [
        f"{b.quantity} x {b.sku} no longer backordered at {b.location}"
        for b in event.backorders_released
    ]
    return freed + wanted_no_more


def _units(lines: Iterable[LineQuantity], skus: Skus) -> str:
    return ", ".join(f"{q.quantity} x {skus.get(q.line_id, q.line_id)}" for q in lines)


def _describe_hold(event: OrderHeld) -> str:
    held = f"Lines {', '.join(event.lines)} put on hold" if event.lines else "Put on hold"
    inputs = ", ".join(f"{each.name} {each.value}" for each in event.inputs)
    rule = f" by rule {event.rule} ({inputs})" if event.rule else ""
    return f"{held}{rule}; reason: {event.reason}{note_suffix(event.note)}"


def _describe_risk(event: OrderRiskAssessed) -> str:
    by = f" by {event.provider}" if event.provider else ""
    reasons = f"; reasons: {', '.join(event.reasons)}" if event.reasons else ""
    return f"Risk scored {event.score}{by}, decision: {event.decision}{reasons}"
