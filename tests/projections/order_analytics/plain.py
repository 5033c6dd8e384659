"""Figures computed plainly from the events of a history: the states of all streams folded by the
domain, and lists of them. Nothing of the read model is used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.events import (
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderHeld,
    OrderPlaced,
    OrderResumed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsShipped,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.returns.events import ReturnReceived, ReturnRefunded, ReturnRequested
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Event, Recorded, State

E = TypeVar("E", bound=Event)
S = TypeVar("S", bound=State)


@dataclass
class Story:
    """The events of one stream."""

    events: list[Recorded]

    def of(self, kind: type[E]) -> list[tuple[E, datetime]]:
        return [(r.event, r.meta.happened_at) for r in self.events if isinstance(r.event, kind)]

    def first(self, kind: type[Event]) -> datetime | None:
        return next((at for _, at in self.of(kind)), None)

    def folded(self, state: S) -> S:
        for r in self.events:
            state.apply(r.event)
        return state


class Plain:
    """Figures of a history by day of a time zone, for what `chosen` allows of the orders."""

    def __init__(self, history: Sequence[Recorded], zone: str, now: datetime) -> None:
        self.zone, self.now = ZoneInfo(zone), now
        streams: dict[str, Story] = defaultdict(lambda: Story([]))
        for r in history:
            streams[r.stream].events.append(r)
        self.orders = [s for name, s in streams.items() if name.startswith("order-")]
        self.payments = [s for name, s in streams.items() if name.startswith("payment-")]
        self.returns = [s for name, s in streams.items() if name.startswith("return-")]

    def day(self, at: datetime) -> str:
        return at.astimezone(self.zone).date().isoformat()

    def by_day(
        self, stories: Iterable[Story], at: Callable[[Story], datetime | None]
    ) -> dict[str, list[Story]]:
        days: dict[str, list[Story]] = defaultdict(list)
        for story in stories:
            time = at(story)
            if time is not None:
                days[self.day(time)].append(story)
        return dict(sorted(days.items()))

    def of_orders(self) -> dict[str, dict[str, Any]]:
        days = self.by_day(self.orders, lambda s: s.of(OrderPlaced)[0][0].placed_at)
        return {day: self._orders(stories) for day, stories in days.items()}

    def _orders(self, stories: list[Story]) -> dict[str, Any]:
        orders = [(s, s.folded(Order()), s.of(OrderPlaced)[0][0]) for s in stories]
        goods = [(s, o, p) for s, o, p in orders if any(x.line.stocked for x in o.lines.values())]
        edits = [len(s.of(OrderEdited)) for s in stories]
        holds = [hold for s in stories for hold in self._holds(s)]
        placed_lines = [x for *_, p in orders for x in p.terms.lines if x.stocked]
        short = [{b.line_id for b in p.backorders} for *_, p in orders]
        there = sum(a.quantity for *_, p in orders for a in p.allocations)
        missing = sum(b.quantity for *_, p in orders for b in p.backorders)
        return {
            "orders": len(stories),
            "units": sum(x.quantity for *_, p in orders for x in p.terms.lines),
            "amounts": self._amounts(orders),
            "order_to_confirm_hours": percentiles(
                (at - p.placed_at) for s, _, p in orders if (at := s.first(OrderConfirmed))
            ),
            "order_to_deliver_hours": percentiles(
                at - p.placed_at for s, o, p in goods if (at := delivered_at(s, o))
            ),
            **self._promises(goods),
            "line_fill_rate": share(len(placed_lines) - sum(map(len, short)), len(placed_lines)),
            "unit_fill_rate": share(there, there + missing),
            "order_fill_rate": share(
                sum(not p.backorders for *_, p in orders if any(x.stocked for x in p.terms.lines)),
                sum(any(x.stocked for x in p.terms.lines) for *_, p in orders),
            ),
            "open_backorders": sum(
                any(x.backordered for x in o.lines.values()) for _, o, _ in orders
            ),
            "cancelled_orders": sum(
                all(x.cancelled == x.line.quantity for x in o.lines.values()) for _, o, _ in orders
            ),
            "cancelled_units": sum(x.cancelled for _, o, _ in orders for x in o.lines.values()),
            "cancellations": self._cancellations(stories),
            "held_orders": sum(bool(s.of(OrderHeld)) for s in stories),
            "holds": len(holds),
            "hold_rate": share(sum(bool(s.of(OrderHeld)) for s in stories), len(stories)),
            "hold_hours": percentiles(end - begin for begin, end in holds if end),
            "edited_orders": sum(map(bool, edits)),
            "edits": sum(edits),
        }

    def _amounts(self, orders: list[tuple[Story, Order, OrderPlaced]]) -> list[dict[str, Any]]:
        amounts = []
        for currency in sorted({p.terms.currency for *_, p in orders}):
            own = [(s, o, p.terms) for s, o, p in orders if p.terms.currency == currency]
            off = sum(x.discount + x.order_discount for *_, t in own for x in t.lines)
            gross = sum(t.total for *_, t in own) + off
            refunded = sum(o.balance.refunded for _, o, _ in own)
            change = sum(e.difference for s, *_ in own for e, _ in s.of(OrderEdited))
            net = gross - off - refunded
            sums = {"gross": gross, "discounts": off, "refunded": refunded, "net": net}
            amounts.append(
                {
                    "currency": currency,
                    "orders": len(own),
                    **{name: to_text(minor, currency) for name, minor in sums.items()},
                    "tax": to_text(sum(t.tax_total for *_, t in own), currency),
                    "edit_difference": to_text(change, currency),
                    "average_order_value": to_text(
                        int((Decimal(net) / len(own)).quantize(Decimal(1), "ROUND_HALF_UP")),
                        currency,
                    ),
                }
            )
        return amounts

    def _promises(self, goods: list[tuple[Story, Order, OrderPlaced]]) -> dict[str, int]:
        counts = Counter[str](judged=0, in_full=0, on_time=0, on_time_in_full=0)
        for story, order, _ in goods:
            lines = [x for x in order.lines.values() if x.line.stocked]
            wanted = sum(x.line.quantity for x in lines)
            kept = sum(x.line.quantity - x.cancelled for x in lines)
            withheld = withheld_units(story, {x.line.line_id for x in lines})
            if wanted - (wanted - kept - withheld) <= 0:
                continue  # the customer wanted nothing of it
            at = delivered_at(story, order)
            if at is None and kept and order.deliver_by >= self.now:
                continue
            in_full = not withheld and sum(x.shipped for x in lines) == kept
            on_time = at is not None and at <= order.deliver_by
            counts.update(
                judged=1, in_full=in_full, on_time=on_time, on_time_in_full=in_full and on_time
            )
        return dict(counts)

    def _cancellations(self, stories: list[Story]) -> set[tuple[str, str, int, int]]:
        orders: dict[tuple[str, str], set[int]] = defaultdict(set)
        units: Counter[tuple[str, str]] = Counter()
        for n, story in enumerate(stories):
            for reason, actor, quantity in cancelled_units(story):
                orders[reason, actor].add(n)
                units[reason, actor] += quantity
        return {(*key, len(orders[key]), units[key]) for key in units}

    def _holds(self, story: Story) -> list[tuple[datetime, datetime | None]]:
        released = {e.hold_id: at for e, at in story.of(HoldReleased)}
        return [(at, released.get(e.hold_id)) for e, at in story.of(OrderHeld)]

    def of_payments(self) -> dict[str, dict[str, Any]]:
        days = self.by_day(self.payments, lambda s: s.first(PaymentRequested))
        return {day: self._payments(stories) for day, stories in days.items()}

    def _payments(self, stories: list[Story]) -> dict[str, Any]:
        folded = [s.folded(Payment()) for s in stories]
        captured = sum(bool(s.of(PaymentCaptured)) for s in stories)
        refunded = sum(p.totals.refunded > 0 for p in folded)
        lags = []
        for story in stories:
            begun = {e.refund_id: at for e, at in story.of(RefundRequested)}
            lags += [at - begun[e.refund_id] for e, at in story.of(PaymentRefunded)]
        amounts = []
        for currency in sorted({p.first_event.amount.currency for p in folded}):
            own = [p for p in folded if p.first_event.amount.currency == currency]
            sums = {
                "requested": sum(p.first_event.amount.minor for p in own),
                "authorised": sum(p.totals.authorised for p in own),
                "captured": sum(p.totals.captured for p in own),
                "refunded": sum(p.totals.refunded for p in own),
                "charged_back": sum(p.totals.charged_back for p in own),
            }
            rate = share(sums["refunded"], sums["captured"])
            texts = {name: to_text(minor, currency) for name, minor in sums.items()}
            amounts.append({"currency": currency, **texts, "refund_rate": rate})
        return {
            "payments": len(stories),
            "authorised": sum(bool(s.of(PaymentAuthorised)) for s in stories),
            "failed": sum(bool(s.of(PaymentFailed)) for s in stories),
            "captured": captured,
            "refunded": refunded,
            "refunds": sum(len(s.of(PaymentRefunded)) for s in stories),
            "charged_back": sum(bool(s.of(PaymentChargedBack)) for s in stories),
            "refund_rate": share(refunded, captured),
            "authorise_to_capture_hours": percentiles(
                end - begin
                for s in stories
                if (begin := s.first(PaymentAuthorised)) and (end := s.first(PaymentCaptured))
            ),
            "refund_hours": percentiles(lags),
            "amounts": amounts,
        }

    def of_returns(self) -> dict[str, dict[str, Any]]:
        requested = self.by_day(self.returns, lambda s: s.first(ReturnRequested))
        shipped = self.by_day(self.orders, first_shipped_at)
        days = sorted({*requested, *shipped})
        return {
            day: {**self._returns(requested.get(day, [])), **self._shipped(shipped.get(day, []))}
            for day in days
        }

    def _returns(self, stories: list[Story]) -> dict[str, Any]:
        folded = [s.folded(Return()) for s in stories]
        first = [s.of(ReturnRequested)[0][0] for s in stories]
        return {
            "requests": len(stories),
            "returns": sum(e.kind == "return" for e in first),
            "exchanges": sum(e.kind == "exchange" for e in first),
            "claims": sum(e.kind == "claim" for e in first),
            "units": sum(line.quantity for e in first for line in e.lines),
            "units_received": sum(x.received for r in folded for x in r.lines.values()),
            "refunded": sum(bool(s.of(ReturnRefunded)) for s in stories),
            "request_to_receive_hours": percentiles(
                s.of(ReturnReceived)[-1][1] - s.events[0].meta.happened_at
                for s in stories
                if s.of(ReturnReceived)
            ),
            "request_to_refund_hours": percentiles(
                at - s.events[0].meta.happened_at
                for s in stories
                if (at := s.first(ReturnRefunded))
            ),
            "granted": sum(e.amount for s in stories for e, _ in s.of(ReturnRefunded)),
        }

    def _shipped(self, stories: list[Story]) -> dict[str, Any]:
        lines = [x for s in stories for x in s.folded(Order()).lines.values()]
        shipped, returned = sum(x.shipped for x in lines), sum(x.returned for x in lines)
        return {
            "shipped_orders": len(stories),
            "shipped_units": shipped,
            "returned_units": returned,
            "return_rate": share(returned, shipped),
        }


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def delivered_at(story: Story, order: Order) -> datetime | None:
    """When the last goods arrived, where all that were not cancelled did."""
    lines = [x for x in order.lines.values() if x.line.stocked]
    arrived = sum(x.delivered for x in lines)
    if not arrived or arrived < sum(x.line.quantity - x.cancelled for x in lines):
        return None
    dates = {e.shipment_id: at for e, at in story.of(UnitsDelivered)}
    for corrected, _ in story.of(UnitsDateCorrected):
        if corrected.date == "delivered_at":
            dates[corrected.shipment_id] = corrected.corrected_to
    return max(dates.values())


def first_shipped_at(story: Story) -> datetime | None:
    dates = {e.shipment_id: at for e, at in story.of(UnitsShipped)}
    for corrected, _ in story.of(UnitsDateCorrected):
        if corrected.date == "dispatched_at":
            dates[corrected.shipment_id] = corrected.corrected_to
    return min(dates.values(), default=None)


def cancelled_units(story: Story) -> list[tuple[str, str, int]]:
    """Units that are cancelled, by reason and actor: without those that were resumed."""
    cancelled: list[tuple[str, str, int]] = []
    for r in story.events:
        if isinstance(r.event, OrderCancelled):
            units = sum(line.quantity for line in r.event.lines)
            cancelled.append((r.event.reason, r.meta.actor, units))
        elif isinstance(r.event, OrderResumed):
            wanted = sum(line.quantity for line in r.event.lines)
            while wanted > 0:
                reason, actor, units = cancelled.pop()
                if units > wanted:
                    cancelled.append((reason, actor, units - wanted))
                wanted -= units
    return cancelled


def withheld_units(story: Story, goods: set[str]) -> int:
    """Units of goods that are cancelled for another reason than the customer's wish."""
    withheld: list[tuple[str, int]] = []
    for r in story.events:
        if isinstance(r.event, OrderCancelled):
            units = sum(line.quantity for line in r.event.lines if line.line_id in goods)
            withheld.append((r.event.reason, units))
        elif isinstance(r.event, OrderResumed):
            wanted = sum(line.quantity for line in r.event.lines if line.line_id in goods)
            while wanted > 0:
                reason, units = withheld.pop()
                if units > wanted:
                    withheld.append((reason, units - wanted))
                wanted -= units
    return sum(units for reason, units in withheld if reason != "customer")


def percentiles(durations: Iterable[timedelta]) -> dict[str, float | None]:
    """Hours, interpolated between neighbours."""
    hours = sorted(each.total_seconds() / 3600 for each in durations)

    def at(share_: float) -> float | None:
        if not hours:
            return None
        place = share_ * (len(hours) - 1)
        low = int(place)
        high = min(low + 1, len(hours) - 1)
        return round(hours[low] + (hours[high] - hours[low]) * (place - low), 2)

    return {"p50": at(0.5), "p90": at(0.9), "p95": at(0.95)}
