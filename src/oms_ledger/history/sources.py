"""The events that belong to an order, a SKU or a customer."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import takewhile

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced, OrderReceived
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Log, Position, Recorded, State, all_events, events_of, stream_id
from oms_projections.order_status.queries import history_of
from oms_projections.stock_levels.past import places

PAGE_EVENTS = 100
"""The events read at a time while searching for other events of the same command."""


def events_of_order(log: Log, order_id: str) -> list[Recorded]:
    """The events of the order and of its shipments, and all others of the same commands: those of
    stock and of order numbers."""
    by_position: dict[Position, Recorded] = {}
    for r in history_of(order_id, log):
        if r.position not in by_position:
            by_position |= {each.position: each for each in _of_the_same_command(log, r)}
    return [by_position[position] for position in sorted(by_position)]


def _of_the_same_command(log: Log, r: Recorded) -> Iterator[Recorded]:
    """All events of the event's command, which are adjacent in the log."""

    def same(other: Recorded) -> bool:
        return other.meta.command_id == r.meta.command_id

    yield r
    yield from takewhile(same, _backwards(log, r.position))
    yield from takewhile(same, _forwards(log, r.position))


def _forwards(log: Log, after: Position) -> Iterator[Recorded]:
    while page := log.events(after, PAGE_EVENTS):
        yield from page
        after = page[-1].position


def _backwards(log: Log, before: Position) -> Iterator[Recorded]:
    while before > 1:
        after = max(0, before - 1 - PAGE_EVENTS)
        yield from reversed(log.events(after, before - 1 - after))
        before = after + 1


def events_of_sku(log: Log, sku: str, after: Position = 0) -> Iterator[Recorded]:
    """The events of the product and of its stock at every location, after a position. `NotFound`
    where there are none."""
    refs: list[tuple[type[State], str]] = [(Product, sku)]
    refs += [(StockLevel, stock_key(sku, place)) for place in places(log, sku)]
    if not any(log.history(stream_id(*ref), limit=1) for ref in refs):
        raise NotFound(f"There is no product {sku!r} and no stock of it. GET /v1/stock lists some.")
    versions = (log.fold(*ref, until=after).version if after else 0 for ref in refs)
    streams = (events_of(log, stream_id(*ref), v) for ref, v in zip(refs, versions, strict=True))
    return merge(*streams, key=lambda r: r.position)


def events_of_customer(log: Log, customer_id: str) -> Iterator[Recorded]:
    """The events of each order that is or was a customer's, order by order as they became that;
    then those of the customer, such as legal holds and forgetting. `NotFound` without an order."""
    orders: set[str] = set()
    for r in all_events(log, types=[OrderPlaced.type, OrderReceived.type, OrderEdited.type]):
        if isinstance(r.event, OrderPlaced | OrderReceived | OrderEdited):
            event = r.event
            customer = event.customer if isinstance(event, OrderEdited) else event.terms.customer
            mine = customer is not None and customer.id == customer_id
            if mine and event.order_id not in orders:
                orders.add(event.order_id)
                yield from events_of_order(log, event.order_id)
    yield from events_of(log, stream_id(CustomerRecord, customer_id))
    if not orders:
        raise NotFound(f"There is no order of a customer {customer_id!r}. Ids are told exactly.")
