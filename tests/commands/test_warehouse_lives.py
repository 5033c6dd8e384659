"""Random lives of stock: a unit is in one place, and only what can be sold is sold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.lots.events import SerialReturned, SerialShipped
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.stock import movements
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockAllocated,
    StockLotsChanged,
    StockReceived,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.stock.lots import APPROVED
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.transfers.events import TransferClosed
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Recorded, State
from oms_ledger.testing import MemoryLedger
from oms_ledger.testing.fold import folded
from oms_projections.inbound.fold import READ_MODEL as INBOUND
from oms_projections.inbound.rows import IncomingRow
from oms_projections.lots.fold import READ_MODEL as LOTS
from oms_projections.lots.rows import LotRow
from oms_projections.stock_levels.fold import READ_MODEL as STOCK
from oms_projections.stock_levels.rows import StockRow
from tests.commands.warehouse import RandomWarehouse

SKUS, PLACES = ("A", "B"), ("LON", "MAN", "YRK")


class Site:
    """A warehouse with a shop: goods are received, moved and counted while orders are placed,
    sent and come back."""

    def __init__(self, ledger: MemoryLedger, seed: int) -> None:
        self.ledger = ledger
        self.warehouse = RandomWarehouse(
            seed, lambda command: ledger.execute(command).answer, lambda: ledger.now, SKUS, PLACES
        )
        self.chance = random.Random(seed)
        self.orders: list[str] = []
        self.shipments: list[dict[str, Any]] = []
        self.returns: list[str] = []
        for priority, code in enumerate(PLACES, start=1):
            self.attempt("PutLocation", code=code, name=code, priority=priority)
        for sku in SKUS:
            self.attempt("ReceiveStock", sku=sku, location="LON", quantity=30)

    def attempt(self, command: str, /, **fields: Any) -> Any:
        return self.warehouse.attempt(command, **fields)

    def step(self) -> None:
        self.ledger.now += timedelta(hours=self.chance.randint(0, 30))
        moves = (self._place, self._pack, self._dispatch, self._return)
        step = self.chance.choice((*moves, *[self.warehouse.step] * 5))
        step()

    def _place(self) -> None:
        quantities = {sku: self.chance.randint(1, 6) for sku in SKUS}
        lines = [
            {"sku": sku, "quantity": units, "unit_price": "1.00"}
            for sku, units in quantities.items()
        ]
        backorder = self.chance.choice(("refuse", "allow"))
        fields = {"channel": "web", "currency": "GBP", "confirm": True, "backorder": backorder}
        order = self.attempt("PlaceOrder", **fields, lines=lines)
        if order:
            self.orders.append(order["order_id"])
        elif self.orders and self.chance.random() < 0.5:
            self.attempt("CancelOrder", order_id=self.orders.pop(), reason="customer")

    def _pack(self) -> None:
        for place in PLACES:
            order_id = self.warehouse.one(self.orders)
            shipment = self.attempt("CreateShipment", order_id=order_id, location=place)
            if shipment:
                self.shipments.append(shipment)

    def _dispatch(self) -> None:
        if not self.shipments:
            return
        shipment = self.chance.choice(self.shipments[-4:])
        line = shipment["lines"][0]
        more: dict[str, Any] = {}
        if self.chance.random() < 0.3:
            units = self.chance.randint(1, line["quantity"])
            lot = self.chance.choice(("L1", "L2", "L3"))
            more["lots"] = [{"line_id": line["line_id"], "lot": lot, "quantity": units}]
        if self.chance.random() < 0.5:
            serial = f"N{self.chance.randint(1, 4)}"
            more["serials"] = [{"line_id": line["line_id"], "serials": [serial]}]
        self.attempt("DispatchShipment", shipment_id=shipment["shipment_id"], **more)

    def _return(self) -> None:
        line = {"line_id": "1", "quantity": self.chance.randint(1, 3)}
        if not self.returns or self.chance.random() < 0.5:
            order_id = self.warehouse.one(self.orders)
            created = self.attempt(
                "RequestReturn", order_id=order_id, lines=[line], resolution="none", approve=True
            )
            if created:
                self.returns.append(created["return_id"])
            return
        came = {
            **line,
            "condition": self.chance.choice(("resellable", "damaged", "wrong_item")),
            "location": self.chance.choice(PLACES),
            "lot": self.warehouse.a_lot(),
        }
        if self.chance.random() < 0.3:
            came["disposition"] = self.chance.choice(("quarantine", "write_off"))
        if self.chance.random() < 0.3:
            came["serials"] = [f"N{self.chance.randint(1, 4)}"]
        return_id = self.warehouse.one(self.returns)
        self.attempt("ReceiveReturn", return_id=return_id, lines=[came])


class Books:
    """What the log adds up to, by another way than the rules."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.owned: Counter[str] = Counter()
        self.out: dict[str, SerialShipped] = {}

    def take(self, history: list[Recorded]) -> None:
        for r in history:
            state = self.states.setdefault(r.stream, STATES[r.stream.partition("-")[0]]())
            state.apply(r.event)
            state.version = r.version
            if isinstance(state, StockLevel):
                self._check_level(r, state)
            self._own(r)
        self.check()

    def _check_level(self, r: Recorded, level: StockLevel) -> None:
        """What must be true at every position."""
        promised = level.allocated + level.held
        assert 0 <= promised <= level.on_hand - level.damaged - level.quarantine, r
        assert min(level.allocated, level.backordered, level.damaged, level.quarantine) >= 0, r
        if isinstance(r.event, StockAllocated):
            assert promised <= level.sellable, f"{r.stream}: what is blocked was sold"
        if isinstance(r.event, StockLotsChanged) and r.event.order_id is not None:
            day = r.meta.happened_at.date().isoformat()
            for lot in r.event.lots:
                assert lot.status == APPROVED, "a blocked lot left"
                assert lot.expires_on is None or lot.expires_on >= day, "an expired lot left"

    def _own(self, r: Recorded) -> None:
        """Units by SKU that the shop owns, wherever they are; serial numbers that are out."""
        match r.event:
            case StockReceived() | StockReturned():
                self.owned[r.event.sku] += r.event.quantity
            case StockShipped():
                self.owned[r.event.sku] -= r.event.quantity
            case StockAdjusted():
                self.owned[r.event.sku] += r.event.change
            case TransferClosed():
                for lost in r.event.lost:
                    self.owned[lost.sku] -= lost.quantity
            case SerialShipped():
                assert r.stream not in self.out, "a serial number left twice"
                self.out[r.stream] = r.event
            case SerialReturned():
                assert self.out.pop(r.stream).order_id == r.event.order_id

    def of(self, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        for stream, state in self.states.items():
            if isinstance(state, kind):
                yield stream.partition("-")[2], state

    def check(self) -> None:
        """What must be true after every command."""
        there: Counter[str] = Counter()
        incoming: Counter[str] = Counter()
        for key, level in self.of(StockLevel):
            there[key.rpartition("@")[0]] += level.on_hand
            assert sum(lot.on_hand for lot in level.lots.values()) <= level.on_hand, key
            for state in ("available", "damaged", "quarantine"):
                assert level.without_lot(state) >= 0, (key, state)
            blocked = [lot for lot in level.lots.values() if lot.status != APPROVED]
            assert level.blocked == sum(lot.units_in("available") for lot in blocked)
        for _, transfer in self.of(Transfer):
            for sku, line in transfer.lines.items():
                assert line.in_transit >= 0
                assert sum(lot.change for lot in line.lots.values()) <= line.in_transit + line.lost
                there[sku] += line.in_transit
                incoming[f"{sku}@{transfer.to_location}"] += line.in_transit
        assert +there == +self.owned, "a unit is in one place"
        for _, inbound in self.of(Inbound):
            for sku, units in inbound.awaited.items():
                incoming[f"{sku}@{inbound.location}"] += units
        assert {k: level.incoming for k, level in self.of(StockLevel) if level.incoming} == {
            key: units for key, units in incoming.items() if units
        }


def faults(history: list[Recorded]) -> set[str]:
    """What `verify` finds."""
    events = [
        StoredEvent(
            r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
        )
        for r in history
    ]
    checker = LogChecker(codec.decode, len(events))
    checker.page(events)
    return {f"{finding.kind}: {finding.text}" for finding in checker.finish()}


def check_read_models(books: Books, history: list[Recorded], page: int) -> None:
    """Rows are what the states are, however the log is divided into pages."""
    rows = folded(STOCK, history, page).of(StockRow)
    counters = ("on_hand", "allocated", "held", "incoming", "damaged", "quarantine", "blocked")
    levels = {
        key: {name: getattr(level, name) for name in counters}
        for key, level in books.of(StockLevel)
    }
    assert levels == {
        f"{row.sku}@{row.location}": {name: asdict(row)[name] for name in counters} for row in rows
    }
    lots = {
        (*key.rpartition("@")[::2], name): (lot.on_hand, lot.damaged, lot.quarantine, lot.status)
        for key, level in books.of(StockLevel)
        for name, lot in level.lots.items()
    }
    assert lots == {
        (row.sku, row.location, row.lot): (row.on_hand, row.damaged, row.quarantine, row.status)
        for row in folded(LOTS, history, page).of(LotRow)
        if row.on_hand
    }
    expected: Counter[str] = Counter()
    for row in folded(INBOUND, history, page).of(IncomingRow):
        assert row.quantity >= 0
        expected[f"{row.sku}@{row.location}"] += row.quantity
    assert +expected == {k: lv.incoming for k, lv in books.of(StockLevel) if lv.incoming}


def live(seed: int, steps: int) -> Site:
    with MemoryLedger() as ledger:
        site, books = Site(ledger, seed), Books()
        for _ in range(steps):
            before = len(ledger.log.events)
            site.step()
            books.take(ledger.history(before) if books.states else ledger.history())
        history = ledger.history()
        check_read_models(books, history, 1 + seed % 40)
        assert faults(history) == set()
        return site


def lives(number: int) -> None:
    for seed in range(number):
        live(seed, 90)


@settings(max_examples=settings().max_examples // 4)
@given(st.integers(0, 10**9))
def test_a_unit_is_in_one_place_and_only_what_can_be_sold_is_sold(seed: int) -> None:
    live(seed, 90)


@pytest.mark.slow
def test_the_lives_do_all_of_it() -> None:
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in range(8):
        site = live(seed, 300)
        done.update(site.warehouse.done)
        refused.update(site.warehouse.refusals)
    commands = {
        *("CreateInbound", "ReceiveInbound", "CloseInbound", "CancelInbound"),
        *("CreateTransfer", "ShipTransfer", "ReceiveTransfer", "CloseTransfer", "CancelTransfer"),
        *("CreateCount", "RecordCount", "ApproveCount", "CancelCount", "ChangeStockState"),
        *("PutLot", "ExpireLot", "DispatchShipment", "ReceiveReturn", "AdjustStock"),
    }
    assert commands <= set(done)
    codes = {"lot_unavailable", "lot_required", "serial_taken", "insufficient_stock"}
    assert codes <= set(refused)


def test_a_lot_that_leaves_though_it_is_blocked_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the rule, the lives above fail."""
    monkeypatch.setattr("oms_ledger.domain.stock.lots.LotBalance.sellable", _any_units)
    with pytest.raises(AssertionError, match="lot left"):
        lives(20)


def _any_units(lot: Any, day: str | None) -> int:
    return int(lot.on_hand - lot.unsellable)


def test_units_that_are_promised_and_put_into_quarantine_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(movements, "require_free", lambda *arguments: None)
    with pytest.raises(AssertionError):
        lives(60)
