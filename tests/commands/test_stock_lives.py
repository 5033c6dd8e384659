"""Whole lives of stock at random: received, reserved, expired, sold as kits and singly, filled,
packed, sent, returned, counted, moved. After every command nothing is promised twice, and at the
end every balance is the sum of its movements."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from oms_commands import COMMANDS
from oms_commands.reservations import release
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.rules import cancellation, placement
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.reservations import rules
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.routing.state import OrderRouting
from oms_ledger.domain.stock import rules as stock_rules
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Recorded
from oms_ledger.testing import MemoryLedger, folded
from oms_projections.backorders import fold as backorder_rows
from oms_projections.backorders.fold import READ_MODEL as BACKORDERS
from oms_projections.backorders.rows import BackorderRow
from tests.commands.checks import Books
from tests.commands.test_whole_lives import stored
from tests.tiers import others_long

PLACES = ("LON", "MAN")
KITS: Mapping[str, Sequence[tuple[str, int]]] = {
    "K": (("A", 2), ("B", 1)),
    "L": (("B", 1), ("C", 3)),
}
SKUS = ("A", "B", "C", *KITS)
SIGNS = {StockReceived: 1, StockReturned: 1, StockMovedIn: 1, StockMovedOut: -1, StockShipped: -1}


class StockLife:
    """A shop whose commands are executed, its books, and the oldest who wait."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.books = Books()
        self.done: Counter[str] = Counter()
        for n, code in enumerate(PLACES):
            self.attempt("PutLocation", code=code, name=code, priority=n)
        for sku in ("A", "B", "C"):
            self.attempt("PutProduct", sku=sku, title=sku, backorder_limit=12)
            for code in PLACES:
                self.attempt("ReceiveStock", sku=sku, location=code, quantity=6)
        for sku, parts in KITS.items():
            components = [{"sku": part, "quantity": quantity} for part, quantity in parts]
            self.attempt("PutProduct", sku=sku, title=sku, components=components)

    def attempt(self, command: str, /, **fields: object) -> Mapping[str, Any]:
        """The answer; empty where it was refused or invalid, and nothing was written."""
        try:
            outcome = self.ledger.execute(COMMANDS[command](**fields))
        except (Refused, NotFound, Invalid, ValidationError):
            assert not self.ledger.history(self.books.position), "a refusal left a trace"
            return {}
        new = self.ledger.history(self.books.position)
        self.books.take(new)
        self.books.check()
        self.done[command] += bool(new)
        return outcome.answer

    def play(self, move: int) -> None:
        """The number says which move, and what it chooses."""
        chance = random.Random(move)
        chance.choice(MOVES)(self, chance)

    def one_of(self, kind: type[Any], chance: random.Random) -> str:
        return chance.choice(list(self.books.of(kind))[-4:] or ["none"])

    # Reservations.

    def reserve(self, chance: random.Random) -> None:
        lines = [
            {
                "sku": chance.choice(SKUS),
                "quantity": chance.randint(1, 3),
                "location": chance.choice((None, None, *PLACES)),
            }
            for _ in range(chance.randint(1, 2))
        ]
        self.attempt("CreateReservation", lines=lines, expires_in_s=chance.choice((60, 3600)))

    def turn_reservation(self, chance: random.Random) -> None:
        name = chance.choice(("ReleaseReservation", "ExpireReservation", "ExtendReservation"))
        more = {"expires_in_s": 600} if name == "ExtendReservation" else {}
        self.attempt(name, reservation_id=self.one_of(Reservation, chance), **more)

    def wait(self, chance: random.Random) -> None:
        self.ledger.now += timedelta(seconds=chance.choice((30, 3600)))

    # Orders.

    def place(self, chance: random.Random) -> None:
        lines = [
            {"sku": chance.choice(SKUS), "quantity": chance.randint(1, 4), "unit_price": "1.00"}
            for _ in range(chance.randint(1, 3))
        ]
        more: dict[str, object] = {}
        if chance.random() < 0.4:
            more["reservation_id"] = self.one_of(Reservation, chance)
        backorder = chance.choice(("refuse", "allow"))
        base = {"channel": "web", "currency": "GBP", "confirm": True, "backorder": backorder}
        self.attempt("PlaceOrder", **base, lines=lines, **more)

    def edit(self, chance: random.Random) -> None:
        change = {"type": "set_quantity", "line_id": "1", "quantity": chance.randrange(6)}
        self.attempt("EditOrder", order_id=self.one_of(Order, chance), changes=[change])

    def end(self, chance: random.Random) -> None:
        order_id = self.one_of(Order, chance)
        if chance.random() < 0.3:
            self.attempt("ResumeOrder", order_id=order_id)
        lines = [{"line_id": "1", "quantity": chance.randint(1, 2)}]
        part = {} if chance.random() < 0.4 else {"lines": lines}
        self.attempt("CancelOrder", order_id=order_id, reason="customer", **part)

    def reroute(self, chance: random.Random) -> None:
        without = [chance.choice(PLACES)]
        backorder = chance.random() < 0.5
        order_id = self.one_of(Order, chance)
        self.attempt("RerouteOrder", order_id=order_id, without=without, backorder=backorder)

    def fill(self, chance: random.Random) -> None:
        """Who waits gets what there is, the oldest first."""
        position = self.books.position
        for row in self._waiting():
            self.attempt("AllocateBackorders", order_id=row.order_id, lines=[row.line_id])
        check_age(self.books, self.ledger.history(), position)

    def _waiting(self) -> list[BackorderRow]:
        rows = folded(BACKORDERS, self.ledger.history()).of(BackorderRow)
        waiting = [row for row in rows if isinstance(row, BackorderRow) and row.quantity]
        return sorted(waiting, key=lambda row: row.position)

    # Stock and shipments.

    def restock(self, chance: random.Random) -> None:
        sku, place = chance.choice(SKUS[:3]), chance.choice(PLACES)
        units = chance.randint(1, 6)
        moves: Sequence[tuple[str, dict[str, object]]] = (
            ("ReceiveStock", {"location": place, "quantity": units}),
            ("AdjustStock", {"location": place, "change": -units, "reason": "lost"}),
            ("CountStock", {"location": place, "counted": units}),
            ("ReturnStock", {"location": place, "quantity": 1}),
            ("TransferStock", {"from": place, "to": "LON", "quantity": units}),
        )
        name, fields = chance.choice(moves)
        self.attempt(name, sku=sku, **fields)

    def pack(self, chance: random.Random) -> None:
        order_id = self.one_of(Order, chance)
        self.attempt("CreateShipment", order_id=order_id, location=chance.choice(PLACES))

    def carry(self, chance: random.Random) -> None:
        name = chance.choice(("DispatchShipment", "DispatchShipment", "CancelShipment"))
        self.attempt(name, shipment_id=self.one_of(Shipment, chance))

    def give_back(self, chance: random.Random) -> None:
        lines = [{"line_id": "1", "quantity": 1, "reason": "unwanted"}]
        order_id = self.one_of(Order, chance)
        answer = self.attempt("RequestReturn", order_id=order_id, lines=lines, approve=True)
        if answer:
            back = {"line_id": "1", "quantity": 1, "condition": "resellable"}
            received = [{**back, "location": chance.choice(PLACES)}]
            self.attempt("ReceiveReturn", return_id=answer["return_id"], lines=received)


MOVES: Sequence[Callable[[StockLife, random.Random], None]] = (
    StockLife.reserve,
    StockLife.reserve,
    StockLife.turn_reservation,
    StockLife.wait,
    StockLife.place,
    StockLife.place,
    StockLife.place,
    StockLife.edit,
    StockLife.end,
    StockLife.reroute,
    StockLife.fill,
    StockLife.restock,
    StockLife.restock,
    StockLife.pack,
    StockLife.carry,
    StockLife.give_back,
)


WaitingLine = tuple[str, str, str]
"""Order id, line id, and the SKU of the stock that it waits for."""


def waiting_since(history: Sequence[Recorded]) -> dict[WaitingLine, int]:
    """The lines that wait, each with the position since which it does without a break."""
    units: Counter[tuple[WaitingLine, str]] = Counter()
    since: dict[tuple[WaitingLine, str], int] = {}
    for recorded in history:
        event = recorded.event
        if not isinstance(event, (StockBackordered, BackorderReleased)):
            continue
        key = (event.order_id, event.line_id, event.sku), event.location
        if isinstance(event, StockBackordered):
            if not units[key]:
                since[key] = recorded.position
            units[key] += event.quantity
        else:
            units[key] -= event.quantity
    lines: dict[WaitingLine, int] = {}
    for (line, location), position in since.items():
        if units[line, location]:
            lines[line] = min(position, lines.get(line, position))
    return lines


def check_age(books: Books, history: Sequence[Recorded], position: int) -> None:
    """Since a position backorders were filled in order of age: no line that waits still has waited
    longer than one that got units of its SKU, from a place that may send it any. A kit waits for
    all its components, so other lines may get one of them before it."""
    before = waiting_since(history[:position])
    still = waiting_since(history)
    orders = books.of(Order)
    for recorded in history[position:]:
        event = recorded.event
        if not isinstance(event, StockAllocated):
            continue
        since = before[event.order_id, event.line_id, event.sku]
        for order_id, line_id, sku in still:
            older = before[order_id, line_id, sku] < since
            kit = orders[order_id].lines[line_id].line.components
            excluded = books.state(OrderRouting, order_id).excluded
            assert sku != event.sku or not older or kit or event.location in excluded, (
                f"{event} came before line {line_id} of {order_id}, which waits longer"
            )


def check_movements(life: StockLife) -> None:
    """Each balance is the sum of what moved; verification finds no difference."""
    sums: Counter[str] = Counter()
    for recorded in life.ledger.history():
        event = recorded.event
        if isinstance(event, StockAdjusted):
            sums[event.key] += event.change
        elif type(event) in SIGNS:
            sums[event.key] += SIGNS[type(event)] * event.quantity  # type: ignore[attr-defined]  # of these kinds
    for key, level in life.books.of(StockLevel).items():
        assert level.on_hand == sums[key], key
    history = life.ledger.history()
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    assert checker.finish() == []


def live(moves: Sequence[int]) -> StockLife:
    with MemoryLedger() as ledger:
        life = StockLife(ledger)
        for move in moves:
            life.play(move)
        check_movements(life)
        return life


@pytest.mark.slow
@given(st.lists(st.integers(0, 10**9), min_size=30, max_size=80))
@settings(max_examples=settings().max_examples * 2)
def test_nothing_is_promised_twice_in_any_life(moves: list[int]) -> None:
    live(moves)


@pytest.mark.slow
def test_the_lives_are_lively() -> None:
    """Everything that stock goes through happens often."""
    done: Counter[str] = Counter()
    chance = random.Random(3)
    for _ in range(40):
        done += live([chance.randrange(10**9) for _ in range(80)]).done
    rare = {name: done[name] for name in COMMANDS if 0 < done[name] < 4}
    assert rare == {}
    assert {"CreateReservation", "ExpireReservation", "AllocateBackorders", "RerouteOrder"} <= (
        done.keys()
    )


Sabotage = Callable[[pytest.MonkeyPatch], None]


def a_released_reservation_holds_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(release, "holds_released", lambda created: [])


def a_used_reservation_holds_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "holds_released", lambda created: [])


def what_is_held_is_sold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        StockLevel, "available", lambda level, safety: max(0, level.on_hand - level.allocated)
    )


def a_cancelled_kit_frees_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cancellation, "kits_of", lambda lines: {})


def a_kit_takes_one_of_each(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stock_rules, "kits_at", lambda parts, available: dict.fromkeys(PLACES, 99))


def a_reservation_is_used_twice(patch: pytest.MonkeyPatch) -> None:
    def whatever(given: Any, reservation_id: str, now: object, wanted: str) -> Any:
        created = given.state(Reservation, reservation_id).created
        if created is None:
            raise NotFound("There is none.")
        return created, created.expires_at

    patch.setattr(placement, "active_reservation", whatever)


def the_newest_is_filled_first(patch: pytest.MonkeyPatch) -> None:
    def waits(row: BackorderRow, units: int, r: Recorded) -> None:
        row.position = -r.position
        row.quantity += units

    patch.setattr(backorder_rows, "_waits", waits)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sabotage",
    others_long(
        [
            a_released_reservation_holds_on,
            a_used_reservation_holds_on,
            what_is_held_is_sold,
            a_cancelled_kit_frees_itself,
            a_kit_takes_one_of_each,
            a_reservation_is_used_twice,
            the_newest_is_filled_first,
        ],
        what_is_held_is_sold,
    ),
)
def test_a_broken_rule_is_detected(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    with pytest.raises((AssertionError, KeyError)):
        live_often(60)


def live_often(lives: int) -> None:
    chance = random.Random(7)
    for _ in range(lives):
        live([chance.randrange(10**9) for _ in range(60)])
