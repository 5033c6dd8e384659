"""A second set of books, kept by folding the log by itself, and what must be true of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.fulfilment.state import PROGRESS, Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.stock.views import stock_view
from oms_ledger.kernel import Json, Recorded, S, State


class Books:
    """Every state there is, and every order's total as it was agreed."""

    def __init__(self) -> None:
        self.position = 0
        self.states: dict[str, State] = {}
        self.totals: dict[str, int] = {}
        self.reached: dict[str, int] = {}

    def take(self, history: Iterable[Recorded]) -> None:
        for recorded in history:
            self.position += 1
            assert recorded.position == self.position
            category, _, key = recorded.stream.partition("-")
            state = self.states.setdefault(recorded.stream, STATES[category]())
            state.apply(recorded.event)
            state.version += 1
            assert recorded.version == state.version
            if isinstance(state, StockLevel):
                check_level(recorded.stream, state)
            if isinstance(state, Order) and state.version == 1:
                assert state.placed is not None
                self.totals[key] = state.placed.terms.total

    def of(self, kind: type[S]) -> dict[str, S]:
        """States of one kind, by key."""
        states = {}
        for stream, state in self.states.items():
            if isinstance(state, kind):
                states[stream.partition("-")[2]] = state
        return states

    def state(self, kind: type[S], key: str) -> S:
        return self.of(kind).get(key) or kind()

    def available(self, sku: str) -> int:
        """Units of a SKU that may be promised to a new order, wherever they are: not those that
        earlier orders wait for."""
        product = self.state(Product, sku).defined
        waiting, units = 0, 0
        for key, level in self.of(StockLevel).items():
            owner, _, code = key.rpartition("@")
            if owner == sku:
                safety = product.safety_stock_of(code) if product else 0
                units += max(0, level.available(safety))
                waiting += level.backordered
        return max(0, units - waiting)

    # What must be true after every command.

    def check(self) -> None:
        for order_id, order in self.of(Order).items():
            assert order.placed is not None
            assert order.placed.terms.total == self.totals[order_id]
            for line in order.lines.values():
                check_line(line)
        self._check_stock_is_what_orders_hold()
        self._check_stock_is_held_for_reservations()
        self._check_no_shipment_moved_back()

    def _check_stock_is_what_orders_hold(self) -> None:
        allocated: Counter[str] = Counter()
        backordered: Counter[str] = Counter()
        for order in self.of(Order).values():
            for line in order.lines.values():
                for place, units in line.allocated_at.items():
                    allocated += taken(line.line, place, units)
                for place, units in line.backordered_at.items():
                    backordered += taken(line.line, place, units)
        for shipment in self.of(Shipment).values():
            created = shipment.created
            if created and not created.untracked and shipment.status in ("created", "labelled"):
                lines = self.state(Order, created.order_id).lines
                for packed in created.lines:
                    line = lines[packed.line_id]
                    allocated += taken(line.line, created.location, packed.quantity)
        levels = self.of(StockLevel)
        for key in {*levels, *allocated, *backordered}:
            level = levels.get(key, StockLevel())
            assert level.allocated == allocated[key], f"{key}: orders hold {allocated[key]}"
            assert level.backordered == backordered[key], f"{key}: owed {backordered[key]}"

    def _check_stock_is_held_for_reservations(self) -> None:
        held: Counter[str] = Counter()
        for reservation in self.of(Reservation).values():
            if reservation.created is not None and reservation.ended is None:
                for units in reservation.created.held:
                    held[stock_key(units.sku, units.location)] += units.quantity
        for key, level in self.of(StockLevel).items():
            assert level.held == held[key], f"{key}: reservations hold {held[key]}"

    def _check_no_shipment_moved_back(self) -> None:
        for shipment_id, shipment in self.of(Shipment).items():
            if shipment.status != "cancelled":
                reached = PROGRESS.index(shipment.status)
                assert reached >= self.reached.get(shipment_id, 0)
                self.reached[shipment_id] = reached

    def check_answer(self, answer: Mapping[str, Json]) -> None:
        """The answer, which is made from the writer's states, equals the fold of the log."""
        for balance in (answer, answer.get("from"), answer.get("to")):
            if isinstance(balance, Mapping) and "on_hand" in balance:
                sku, place = str(balance["sku"]), str(balance["location"])
                level = self.state(StockLevel, stock_key(sku, place))
                assert balance == stock_view(sku, place, level, self.state(Product, sku))
        if "shipment_id" in answer:
            shipment = self.state(Shipment, str(answer["shipment_id"]))
            assert answer == shipment_view(shipment)
        elif "order_number" in answer:
            view = order_view(self.state(Order, str(answer["order_id"])))
            assert {name: answer[name] for name in view} == view


def taken(line: OrderLine, place: str, units: int) -> Counter[str]:
    """The units of stock that units of a line take at a place, by key of the stock."""
    parts = line.components or (Component(line.sku, 1),)
    return Counter({stock_key(each.sku, place): each.quantity * units for each in parts})


def check_level(stream: str, level: StockLevel) -> None:
    assert min(level.on_hand, level.allocated, level.held, level.backordered) >= 0, stream
    assert level.allocated + level.held <= level.on_hand, f"{stream} is oversold"


def check_line(p: LineProgress) -> None:
    stages = (p.allocated, p.packed, p.backordered, p.shipped, p.cancelled, p.delivered, p.returned)
    assert min(*stages, p.untracked) >= 0
    assert p.delivered <= p.shipped
    assert p.returned <= p.shipped
    if p.line.stocked:
        gone = p.shipped + p.cancelled
        open_units = p.allocated + p.packed + p.backordered + p.untracked
        assert p.line.quantity == open_units + gone
    else:
        assert p.allocated == p.packed == p.backordered == p.shipped == 0
        assert p.cancelled <= p.line.quantity


def folded_anew(history: Iterable[Recorded]) -> dict[str, State]:
    books = Books()
    books.take(history)
    return books.states
