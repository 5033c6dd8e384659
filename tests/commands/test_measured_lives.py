"""Random lives of goods that are sold by weight and length, beside goods in pieces."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from msgspec.structs import asdict
from pydantic import ValidationError

from oms_commands import COMMANDS
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.events import CreditGranted
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.units import UnitOfMeasure, in_unit
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger
from tests.commands.returns.test_lives import stored

UNITS = {"CHEESE": UnitOfMeasure("kg", 3), "CABLE": UnitOfMeasure("m", 2), "MUG": None}
PRICES = ("19.90", "0.07", "133.33", "0.99")
PLACES = ("LON", "MAN")
BOUGHT = 900


def quantity(sku: str, steps: int) -> int | str:
    """As a request has it."""
    unit = UNITS[sku]
    return steps if unit is None else in_unit(steps, unit)


class Deli:
    """A shop, and what is done in it. `ordered` are its orders."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.ordered: list[str] = []
        self.done: Counter[str] = Counter()
        for code in PLACES:
            self.do("PutLocation", code=code, name=code)
        for sku, unit in UNITS.items():
            more = {"unit_of_measure": asdict(unit)} if unit else {}
            self.do("PutProduct", sku=sku, title=sku, safety_stock=quantity(sku, 10), **more)
            for code in PLACES:
                self.do("ReceiveStock", sku=sku, location=code, quantity=quantity(sku, BOUGHT))
        self.do(
            "PutProduct",
            sku="BOARD",
            title="A mug and some cheese",
            components=[
                {"sku": "MUG", "quantity": 1},
                {"sku": "CHEESE", "quantity": quantity("CHEESE", 70)},
            ],
        )

    def do(self, command: str, **fields: object) -> Mapping[str, Any]:
        """The answer; empty where it was refused."""
        try:
            made = COMMANDS[command](**fields)
        except ValidationError:
            self.done["invalid"] += 1
            return {}
        try:
            answer = self.ledger.execute(made).answer
        except (Refused, NotFound, Invalid) as refusal:
            self.done[refusal.code] += 1
            return {}
        self.done[command] += 1
        return answer

    def state(self, kind: type[Any], key: str) -> Any:
        return self.ledger.state(kind, key)

    def play(self, move: int) -> None:
        """The number says which move, and what it chooses."""
        chance = random.Random(move)
        moves = (self.place, self.place, self.cancel, self.edit, self.ship, self.back, self.stock)
        chance.choice(moves)(chance)

    def place(self, chance: random.Random) -> None:
        lines: list[dict[str, object]] = []
        for _ in range(chance.randrange(1, 4)):
            sku = chance.choice((*UNITS, "BOARD"))
            steps = chance.choice((1, 3, 250, 333, 700))
            lines.append(
                {
                    "sku": sku,
                    "quantity": 1 + steps % 4 if sku == "BOARD" else quantity(sku, steps),
                    "unit_price": chance.choice(PRICES),
                    "tax": f"0.{chance.randrange(10):02d}",
                }
            )
        answer = self.do(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=lines,
            discount=chance.choice((None, "0.01", "0.37")),
            backorder=chance.choice(("refuse", "allow")),
            confirm=True,
        )
        if answer:
            self.ordered.append(answer["order_id"])

    def line(self, chance: random.Random, *names: str) -> tuple[str, str, Any]:
        """An order, one of its lines with some of these units if there is one, and its state."""
        order_id = chance.choice(self.ordered[-4:]) if self.ordered else "none"
        lines = self.state(Order, order_id).lines
        fitting = [each for each, p in lines.items() if all(getattr(p, name) for name in names)]
        line_id = chance.choice(fitting) if fitting else "1"
        return order_id, line_id, lines.get(line_id)

    def some(self, chance: random.Random, progress: Any, most: int) -> int | str:
        sku = progress.line.sku
        steps = chance.randrange(1, max(1, most) + 1)
        return steps if sku == "BOARD" else quantity(sku, steps)

    def cancel(self, chance: random.Random) -> None:
        order_id, line_id, progress = self.line(chance, "open")
        if progress is not None:
            lines = [{"line_id": line_id, "quantity": self.some(chance, progress, progress.open)}]
            self.do("CancelOrder", order_id=order_id, reason="customer", lines=lines)

    def edit(self, chance: random.Random) -> None:
        order_id, line_id, progress = self.line(chance)
        if progress is None:
            return
        most = 2 * progress.line.quantity
        changes: list[dict[str, object]] = [
            {
                "type": "set_quantity",
                "line_id": line_id,
                "quantity": self.some(chance, progress, most),
            }
        ]
        if chance.random() < 0.3:
            price = chance.choice(PRICES)
            changes.append({"type": "set_price", "line_id": line_id, "unit_price": price})
        self.do("EditOrder", order_id=order_id, changes=changes)

    def ship(self, chance: random.Random) -> None:
        order_id, line_id, progress = self.line(chance, "allocated")
        if progress is None:
            return
        place = next(iter(progress.allocated_at), "LON")
        units = self.some(chance, progress, progress.allocated_at.get(place, 1))
        parcel = self.do(
            "CreateShipment",
            order_id=order_id,
            location=place,
            lines=[{"line_id": line_id, "quantity": units}],
        )
        if parcel:
            self.do("DispatchShipment", shipment_id=parcel["shipment_id"])

    def back(self, chance: random.Random) -> None:
        order_id, line_id, progress = self.line(chance, "shipped")
        if progress is None:
            return
        lines = [{"line_id": line_id, "quantity": self.some(chance, progress, progress.shipped)}]
        requested = self.do("RequestReturn", order_id=order_id, lines=lines, approve=True)
        if requested:
            came = [{**lines[0], "condition": "resellable", "location": chance.choice(PLACES)}]
            return_id = requested["return_id"]
            self.do("ReceiveReturn", return_id=return_id, lines=came, complete=True)
            self.do("RefundReturn", return_id=return_id)

    def stock(self, chance: random.Random) -> None:
        sku, place = chance.choice(tuple(UNITS)), chance.choice(PLACES)
        here = {"sku": sku, "location": place}
        steps = chance.randrange(1, 200)
        some = quantity(sku, steps)
        match chance.randrange(4):
            case 0:
                less = f"-{some}" if isinstance(some, str) else -some
                self.do("AdjustStock", **here, change=less, reason="gone")
            case 1:
                on_hand = self.state(StockLevel, stock_key(sku, place)).on_hand
                counted = max(0, on_hand + chance.randrange(-3, 9))
                self.do("CountStock", **here, counted=quantity(sku, counted))
            case 2:
                other = PLACES[1 - PLACES.index(place)]
                self.do("TransferStock", sku=sku, **{"from": place}, to=other, quantity=some)
            case 3:
                self.do("ReceiveStock", **here, quantity=some, unit_cost="7.77", currency="GBP")


def check_stock(deli: Deli) -> None:
    """The movements add up to what is on hand, and no step is promised twice."""
    moved: Counter[tuple[str, str]] = Counter()
    for r in deli.ledger.history():
        event = r.event
        if isinstance(event, StockReceived | StockReturned | StockMovedIn):
            moved[event.sku, event.location] += event.quantity
        elif isinstance(event, StockShipped | StockMovedOut):
            moved[event.sku, event.location] -= event.quantity
        elif isinstance(event, StockAdjusted):
            moved[event.sku, event.location] += event.change
    promised: Counter[tuple[str, str]] = Counter()
    for order_id in deli.ordered:
        for progress in deli.state(Order, order_id).lines.values():
            line = progress.line
            parts = {each.sku: each.quantity for each in line.components} or {line.sku: 1}
            for place, units in progress.allocated_at.items():
                for sku, each in parts.items():
                    promised[sku, place] += units * each
    for sku in UNITS:
        for place in PLACES:
            level = deli.state(StockLevel, stock_key(sku, place))
            assert level.on_hand == moved[sku, place]
            assert 0 <= level.allocated <= level.on_hand
            assert level.allocated == promised[sku, place]


def check_money(deli: Deli) -> None:
    """What is granted back is never less than nothing, and what is cancelled or granted back is
    together with what is owed what was agreed."""
    for r in deli.ledger.history():
        if isinstance(r.event, CreditGranted):
            assert min(r.event.goods, r.event.tax) >= 0
    for order_id in deli.ordered:
        order = deli.state(Order, order_id)
        back = sum(each.amount_back for each in order.lines.values())
        whole = all(each.cancelled == each.line.quantity for each in order.lines.values())
        assert order.owed == (0 if whole else max(0, order.terms.total - back))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=15, max_size=40))
def test_goods_by_weight_and_length_are_conserved(moves: list[int]) -> None:
    with MemoryLedger() as ledger:
        deli = Deli(ledger)
        for move in moves:
            deli.play(move)
        check_stock(deli)
        check_money(deli)
        history = ledger.history()
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    assert checker.finish() == []


def test_each_move_is_made_and_each_step_can_be_sold_once() -> None:
    """The lives above are lives: every command of them succeeds, and is refused sometimes."""
    with MemoryLedger() as ledger:
        deli = Deli(ledger)
        for move in range(400):
            deli.play(move)
        made = set(deli.done)
        assert {"PlaceOrder", "CancelOrder", "EditOrder", "DispatchShipment"} <= made
        assert {"RefundReturn", "AdjustStock", "CountStock", "TransferStock"} <= made
        assert {"insufficient_stock", "illegal_transition"} <= made
        check_stock(deli)
        check_money(deli)
