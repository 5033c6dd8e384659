"""Which orders, shipments, drafts and products are sensitive, according to the log. Read models may
lag behind the log, so they are not used.

Orders, fulfilment orders, shipments, cases, payments, returns, messages and reservations carry the
mark in their first event and never change it, so it is cached without expiry. A product's mark can
change, so it is cached for seconds; that of a draft is read each time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from oms_ledger.domain.cases.events import CaseOpened
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.drafts.events import DraftPlaced, DraftSaved
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilments.events import FulfilmentOpened
from oms_ledger.domain.messages.events import MessageRequested
from oms_ledger.domain.orders.events import OrderPlaced, OrderReceived
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRequested
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.domain.reservations.events import ReservationCreated
from oms_ledger.domain.returns.events import ReturnRequested
from oms_ledger.kernel import Event, stream_id
from oms_ledger.privacy.postgres import DRAFT_ON_RECORD, ON_RECORD
from oms_ledger.privacy.sensitivity import mask
from oms_ledger.privacy.sensitivity.plans import FieldPlan

PRODUCT_SECONDS = 3.0
"""How long a product's mark is cached: a product that was just marked can be shown as not
sensitive for this long."""

CACHED_MAX = 50_000

_PRODUCTS = f"{Product.category}-"
_DRAFTS = f"{Draft.category}-"


@dataclass(frozen=True, slots=True)
class SensitivityMark:
    """The mark of an order, or of a shipment, case, payment, return, message or reservation.
    `order` is the stream of the order itself, or of the one that these are of; None of a blind
    return, and of a reservation. `keys` are the ids of the data keys that seal the personal values
    with which the order was placed."""

    sensitive: bool
    order: str | None = None
    keys: frozenset[str] = frozenset()


NOT_SENSITIVE = SensitivityMark(False)


class MarkEvents(Protocol):
    """The events of the log that carry a mark. Used by any number of threads."""

    def first(self, streams: Collection[str]) -> Mapping[str, Event]:
        """The first event of each of these streams that exists."""

    def newest(self, streams: Collection[str]) -> Mapping[str, Event]:
        """The newest event of each of these streams that exists."""

    def edits(self, streams: Collection[str]) -> Collection[Event]:
        """The edits of these orders, which may have named other persons, and the contents of these
        drafts, each of which may have."""


class SensitivityIndex:
    """Answers which streams are sensitive. Used by any number of threads."""

    def __init__(self, events: MarkEvents) -> None:
        self._events = events
        self._marks: dict[str, SensitivityMark] = {}
        self._products: dict[str, tuple[bool, float]] = {}

    def cached(self, streams: Iterable[str]) -> set[str] | None:
        """The sensitive ones of these streams, from the cache; None if one is not cached."""
        now, sensitive = time.monotonic(), set()
        for stream in streams:
            if stream.startswith(_DRAFTS):
                return None
            if stream.startswith(_PRODUCTS):
                marked, until = self._products.get(stream, (False, 0.0))
                if until < now:
                    return None
            elif (mark := self._marks.get(stream)) is None:
                return None
            else:
                marked = mark.sensitive
            if marked:
                sensitive.add(stream)
        return sensitive

    def sensitive(self, streams: Collection[str]) -> set[str]:
        """The sensitive ones of these streams. A stream that does not exist is not sensitive."""
        products = {stream for stream in streams if stream.startswith(_PRODUCTS)}
        drafts = {stream for stream in streams if stream.startswith(_DRAFTS)}
        marks = self._marks_of(set(streams) - products - drafts)
        others = {stream for stream, mark in marks.items() if mark.sensitive}
        return others | self._sensitive_drafts(drafts) | self._sensitive_products(products)

    def access_log_keys(self, orders: Collection[str]) -> set[str]:
        """What the access log stores in `keys` for the content of these streams of orders,
        shipments and drafts: the id of each order and draft, prefixed, and the ids of the data keys
        of their persons."""
        drafts = {stream for stream in orders if stream.startswith(_DRAFTS)}
        marks = self._marks_of(set(orders) - drafts)
        of_orders = self._marks_of({mark.order for mark in marks.values() if mark.order})
        keys = {key for mark in of_orders.values() for key in mark.keys}
        written = {*of_orders, *drafts}
        for event in self._events.edits(written) if written else ():
            keys |= _keys_in(event)
        prefix = stream_id(Order, "")
        keys |= {ON_RECORD + order.removeprefix(prefix) for order in of_orders}
        return keys | {DRAFT_ON_RECORD + draft.removeprefix(_DRAFTS) for draft in drafts}

    def sensitive_orders_in(self, body: object, plan: FieldPlan) -> Collection[str]:
        """The streams of sensitive orders, shipments and drafts whose content is in an answer."""
        mentions = mask.mentions_in(body, plan)
        return mask.order_streams(mentions.sensitive(self.sensitive(mentions.undeclared)))

    def _marks_of(self, streams: Collection[str]) -> dict[str, SensitivityMark]:
        cached = {stream: mark for stream in streams if (mark := self._marks.get(stream))}
        missing = [stream for stream in streams if stream not in cached]
        if not missing:
            return cached
        events = self._events.first(missing)
        read = {stream: _mark(stream, event) for stream, event in events.items()}
        if len(self._marks) > CACHED_MAX:
            self._marks.clear()
        self._marks |= read
        return cached | read

    def _sensitive_drafts(self, streams: Collection[str]) -> set[str]:
        newest = self._events.newest(streams) if streams else {}
        return {stream for stream, event in newest.items() if _is_sensitive(event)}

    def _sensitive_products(self, streams: Collection[str]) -> set[str]:
        if not streams:
            return set()
        until = time.monotonic() + PRODUCT_SECONDS
        newest = self._events.newest(streams)
        marks = {stream: _is_sensitive(newest.get(stream)) for stream in streams}
        if len(self._products) > CACHED_MAX:
            self._products.clear()
        self._products |= {stream: (marked, until) for stream, marked in marks.items()}
        return {stream for stream, marked in marks.items() if marked}


MARKED = (FulfilmentOpened, ShipmentCreated, CaseOpened, PaymentRequested, MessageRequested)
"""First events that carry the mark of the order that their thing is a part of."""


def _mark(stream: str, event: Event) -> SensitivityMark:
    if isinstance(event, (OrderPlaced, OrderReceived)) and event.sensitive:
        return SensitivityMark(True, stream, frozenset(_keys_in(event)))
    if isinstance(event, MARKED):
        return SensitivityMark(event.sensitive, stream_id(Order, event.order_id))
    if isinstance(event, ReturnRequested):
        order = stream_id(Order, event.order_id) if event.order_id is not None else None
        return SensitivityMark(event.sensitive, order)
    if isinstance(event, ReservationCreated):
        return SensitivityMark(event.sensitive)
    return NOT_SENSITIVE


def _keys_in(event: Event) -> set[str]:
    """The ids of the data keys that seal personal values of an event."""
    return {key for _, value in personal_values(event) if (key := key_of(value))}


def _is_sensitive(event: Event | None) -> bool:
    """Of the newest event of a product or a draft."""
    return isinstance(event, ProductDefined | DraftSaved | DraftPlaced) and event.sensitive
