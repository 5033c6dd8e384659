"""Lives of stock at random, with alerts that come and go: each alert is low and back by turns, each
event has the units that were for sale at its position, and after a check nothing is left to say."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_commands import COMMANDS
from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.domain.stock.events import STOCK_EVENTS
from oms_ledger.domain.stock.rules import available_units
from oms_ledger.domain.stock.state import StockLevel, book
from oms_ledger.domain.stock_alerts import rules
from oms_ledger.domain.stock_alerts.events import StockAlertSet, StockBecameLow, StockCameBack
from oms_ledger.kernel import Event
from oms_ledger.testing import MemoryLedger

PLACES = ("LON", "MAN", "YRK")
CHANNELS: Mapping[str, tuple[str, ...]] = {"web": ("LON", "MAN"), "store": ("YRK",)}
SCOPES = ((None, None), *((code, None) for code in PLACES), *((None, each) for each in CHANNELS))


class StockBooks:
    """What the events of one SKU say, added up without the rules under test."""

    def __init__(self) -> None:
        self.levels: dict[str, StockLevel] = defaultdict(StockLevel)
        self.product = ProductDefined("A", "A", True)
        self.closed: set[str] = set()
        self.sold_at: dict[str, tuple[str, ...]] = {}
        self.crossed: dict[tuple[str | None, str | None], list[Event]] = defaultdict(list)
        self.thresholds: dict[tuple[str | None, str | None], int | None] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, STOCK_EVENTS):
            book(self.levels[event.location], event)
        elif isinstance(event, ProductDefined):
            self.product = event
        elif isinstance(event, LocationDefined):
            (self.closed.add if event.closed else self.closed.discard)(event.code)
        elif isinstance(event, ChannelDefined):
            self.sold_at[event.channel] = event.locations
        elif isinstance(event, StockAlertSet):
            self.thresholds[event.location, event.channel] = event.threshold
        elif isinstance(event, (StockBecameLow, StockCameBack)):
            scope = (event.location, event.channel)
            assert event.threshold == self.thresholds[scope]
            assert event.available == self.for_sale(*scope)
            assert (event.available <= event.threshold) == isinstance(event, StockBecameLow)
            self.crossed[scope].append(event)

    def for_sale(self, location: str | None, channel: str | None) -> int:
        """Units beyond the safety stock that nobody waits for; those who wait get the first."""
        waiting = sum(level.backordered for level in self.levels.values())
        units = 0
        for code in PLACES:  # by priority
            level = self.levels[code]
            unsold = level.damaged + level.quarantine + level.allocated + level.held
            there = 0 if code in self.closed else max(0, level.on_hand - unsold - self.safety(code))
            kept = min(waiting, there)
            waiting -= kept
            sells = channel is None or code in (self.sold_at.get(channel) or PLACES)
            if sells and location in (None, code):
                units += there - kept
        return units

    def safety(self, code: str) -> int:
        own = {each.location: each.quantity for each in self.product.safety_stock_at}
        return own.get(code, self.product.safety_stock)

    def check_turns(self) -> None:
        for events in self.crossed.values():
            kinds = [type(event) for event in events]
            assert kinds == [(StockBecameLow, StockCameBack)[n % 2] for n in range(len(kinds))]

    def check_all_is_recorded(self) -> None:
        for scope, threshold in self.thresholds.items():
            if threshold is not None:
                low = bool(self.crossed[scope]) and isinstance(
                    self.crossed[scope][-1], StockBecameLow
                )
                assert low == (self.for_sale(*scope) <= threshold), scope


class AlertLife:
    """A shop that buys, sells, moves and loses units of one SKU."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.books = StockBooks()
        self.read = 0
        self.orders: list[object] = []
        for n, code in enumerate(PLACES):
            self.attempt("PutLocation", code=code, name=code, priority=n)
            self.attempt("ReceiveStock", sku="A", location=code, quantity=5)
        for channel, codes in CHANNELS.items():
            self.attempt("PutChannel", channel=channel, locations=codes)

    def attempt(self, command: str, **fields: object) -> Mapping[str, object]:
        try:
            answer = self.ledger.execute(COMMANDS[command](**fields)).answer
        except (Refused, NotFound):
            answer = {}
        for recorded in self.ledger.history(self.read):
            self.books.take(recorded.event)
            self.read = recorded.position
        self.books.check_turns()
        return answer

    def play(self, move: int) -> None:
        chance = random.Random(move)
        where, units = chance.choice(PLACES), chance.randint(1, 5)
        at = {"sku": "A", "location": where}
        location, channel = chance.choice(SCOPES)
        threshold = chance.choice((None, 0, 2, 5, 12))
        line = {"sku": "A", "quantity": units, "unit_price": "1.00"}
        order: dict[str, object] = {
            "channel": chance.choice((*CHANNELS, "phone")),
            "currency": "GBP",
        }
        order |= {"lines": [line], "backorder": chance.choice(("refuse", "allow"))}
        moves: dict[str, dict[str, object]] = {
            "PutStockAlert": {
                "sku": "A", "threshold": threshold, "location": location, "channel": channel,
            },
            "ReceiveStock": {**at, "quantity": units},
            "AdjustStock": {**at, "change": -units, "reason": "lost"},
            "PlaceOrder": order,
            "CancelOrder": {
                "order_id": chance.choice(self.orders[-4:] or ["none"]), "reason": "customer",
            },
            "AllocateBackorders": {"order_id": chance.choice(self.orders[-4:] or ["none"])},
            "PutProduct": {"sku": "A", "title": "A", "safety_stock": chance.randrange(3)},
            "PutSafetyStock": {"sku": "A", "code": where, "quantity": chance.choice((None, 0, 4))},
            "PutLocation": {
                "code": where, "name": where, "priority": PLACES.index(where),
                "closed": chance.random() < 0.3,
            },
            "PutChannel": {
                "channel": chance.choice(list(CHANNELS)),
                "locations": [where, chance.choice(PLACES)],
            },
        }  # fmt: skip
        name = chance.choice(list(moves))
        answer = self.attempt(name, **moves[name])
        if name == "PlaceOrder" and answer:
            self.orders.append(answer["order_id"])

    def check(self) -> None:
        self.attempt("CheckStockAlerts", sku="A")
        self.books.check_all_is_recorded()


LIVES = st.lists(st.tuples(st.integers(0, 2**32), st.booleans()), min_size=5, max_size=40)


@settings(max_examples=settings().max_examples // 2)
@given(life=LIVES)
def test_low_and_back_take_turns_and_agree_with_the_balance(life: list[tuple[int, bool]]) -> None:
    live(life)


def live(life: list[tuple[int, bool]]) -> AlertLife:
    with MemoryLedger() as ledger:
        shop = AlertLife(ledger)
        for move, checks in life:
            shop.play(move)
            if checks:
                shop.check()
        shop.check()
        return shop


LONG = [(move, move % 3 == 0) for move in range(1000, 2000)]


def test_a_long_life_has_crossings_of_every_alert() -> None:
    crossed = live(LONG).books.crossed
    assert set(crossed) == set(SCOPES)
    assert min(len(events) for events in crossed.values()) > 2


def test_a_crossing_that_is_recorded_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "differs", lambda alert, low: True)
    with pytest.raises(AssertionError):
        live(LONG)


def test_units_that_wait_and_are_counted_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "available_for_all", available_units)
    with pytest.raises(AssertionError):
        live(LONG)
