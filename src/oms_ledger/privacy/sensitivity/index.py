"""Which orders, shipments and products are sensitive, by the log: read models may be behind.

An order and a shipment have the mark in their first event, for ever, so it is remembered. A product
may get it and lose it: it is asked for again after seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event, stream_id
from oms_ledger.privacy.postgres import ON_RECORD
from oms_ledger.privacy.sensitivity import mask

Lend = Callable[[], AbstractContextManager[psycopg.Connection[tuple[Any, ...]]]]

FIRST = """
SELECT originator_id, topic, state FROM ledger_events
WHERE originator_id = ANY(%s) AND originator_version = 1"""

NEWEST = """
SELECT e.originator_id, e.topic, e.state FROM unnest(%s::text[]) AS want (id)
CROSS JOIN LATERAL (
    SELECT originator_id, topic, state FROM ledger_events
    WHERE originator_id = want.id ORDER BY originator_version DESC LIMIT 1) AS e"""

PRODUCT_SECONDS = 3.0
"""So long may a product that has just got the mark go without it."""

REMEMBERED = 50_000

_PRODUCTS = f"{Product.category}-"


@dataclass(frozen=True, slots=True)
class Mark:
    """`order`: the stream of the order that a shipment is of, or that this is. `keys`: of the
    persons whose order it is, as far as its sealed values name them."""

    sensitive: bool
    order: str | None = None
    keys: frozenset[str] = frozenset()


NO = Mark(False)


class Marks:
    """Used by any number of threads. `lend` lends a connection."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend
        self._marks: dict[str, Mark] = {}
        self._products: dict[str, tuple[bool, float]] = {}

    def known(self, streams: Iterable[str]) -> set[str] | None:
        """Which of these are sensitive; None where the database must be asked."""
        now, found = time.monotonic(), set()
        for stream in streams:
            if stream.startswith(_PRODUCTS):
                mark, until = self._products.get(stream, (False, 0.0))
                if until < now:
                    return None
            elif (known := self._marks.get(stream)) is None:
                return None
            else:
                mark = known.sensitive
            if mark:
                found.add(stream)
        return found

    def of(self, streams: Collection[str]) -> set[str]:
        """Which of these are sensitive. What is not there, or not yet, is not."""
        products = {stream for stream in streams if stream.startswith(_PRODUCTS)}
        others = self._found(set(streams) - products)
        found = {stream for stream, mark in others.items() if mark.sensitive}
        return found | self._sensitive_products(products)

    def on_record(self, orders: Collection[str]) -> set[str]:
        """What stands in the record of accesses for the content of these orders and shipments:
        the orders themselves, and the keys of those whose they are."""
        marks = self._found(set(orders))
        of_orders = self._found({mark.order for mark in marks.values() if mark.order})
        begins = stream_id(Order, "")
        keys = {key for mark in of_orders.values() for key in mark.keys}
        return keys | {ON_RECORD + order.removeprefix(begins) for order in of_orders}

    def in_answer(self, body: object) -> set[str]:
        """The same for whatever sensitive an answer shows."""
        found = mask.named(body)
        orders = mask.orders_in(found.sensitive(self.of(found.unsaid)))
        return self.on_record(orders) if orders else set()

    def _found(self, streams: Collection[str]) -> dict[str, Mark]:
        found = {stream: mark for stream in streams if (mark := self._marks.get(stream))}
        missing = [stream for stream in streams if stream not in found]
        read = {stream: _mark(stream, event) for stream, event in self._read(FIRST, missing)}
        if len(self._marks) > REMEMBERED:
            self._marks.clear()
        self._marks |= read
        return found | read

    def _sensitive_products(self, streams: Collection[str]) -> set[str]:
        until = time.monotonic() + PRODUCT_SECONDS
        newest = dict(self._read(NEWEST, streams))
        marks = {stream: _is_sensitive(newest.get(stream)) for stream in streams}
        if len(self._products) > REMEMBERED:
            self._products.clear()
        self._products |= {stream: (mark, until) for stream, mark in marks.items()}
        return {stream for stream, mark in marks.items() if mark}

    def _read(self, statement: LiteralString, streams: Collection[str]) -> list[tuple[str, Event]]:
        if not streams:
            return []
        with self._lend() as connection:
            rows = connection.execute(statement, (list(streams),), binary=True).fetchall()
        return [(stream, codec.decode(topic, bytes(state))[0]) for stream, topic, state in rows]


def _mark(stream: str, event: Event) -> Mark:
    if isinstance(event, OrderPlaced) and event.sensitive:
        keys = (key_of(value) for _, value in personal_values(event))
        return Mark(True, stream, frozenset(key for key in keys if key))
    if isinstance(event, ShipmentCreated):
        return Mark(event.sensitive, stream_id(Order, event.order_id))
    return NO


def _is_sensitive(event: Event | None) -> bool:
    return isinstance(event, ProductDefined) and event.sensitive
