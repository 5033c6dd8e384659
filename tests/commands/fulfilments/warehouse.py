"""The life of a shop whose orders are picked, packed and handed over in every way, at random, while
they are edited, cancelled, shipped by the short way and returned."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.fulfilments.work import (
    OPEN_STATUSES,
    FinalStatus,
    Work,
    packed_units,
    work_status,
    works_of,
)
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from tests.commands.life import PLACES, Life, is_backordered


class WarehouseLife(Life):
    """As `Life`, with the fulfilment orders of its orders."""

    def works(self, order_id: str) -> dict[str, Work]:
        """The fulfilment orders of an order, folded from the log by itself."""
        order = self.books.state(Order, order_id)
        states = [
            state
            for state in self.books.of(Fulfilment).values()
            if state.opened is not None and state.opened.order_id == order_id
        ]
        shipments = [self.books.state(Shipment, each) for each in order.shipments]
        return works_of(order, states, packed_units(shipments))

    def work(self, chance: random.Random) -> Work | None:
        """A fulfilment order of one of the newest orders, mostly one that is open."""
        works = [work for each in self.orders[-4:] for work in self.works(each).values()]
        open_ones = [work for work in works if work.open]
        some = open_ones if open_ones and chance.random() < 0.9 else works
        return chance.choice(some) if some else None

    def act(self, chance: random.Random, name: str, **fields: object) -> Mapping[str, Any]:
        work = self.work(chance)
        if work is None:
            return {}
        return self.attempt(name, fulfilment_id=work.fulfilment_id, **fields)

    def accept(self, chance: random.Random) -> None:
        self.act(chance, "AcceptFulfilment")

    def reject(self, chance: random.Random) -> None:
        self.act(chance, "RejectFulfilment", reason="out of stock")

    def move(self, chance: random.Random) -> None:
        self.act(chance, "MoveFulfilment", location=chance.choice(PLACES))

    def split(self, chance: random.Random) -> None:
        work = self.work(chance)
        if work is not None and work.open:
            line_id = chance.choice(list(work.open))
            lines = [{"line_id": line_id, "quantity": chance.randrange(1, 4)}]
            self.attempt("SplitFulfilment", fulfilment_id=work.fulfilment_id, lines=lines)

    def merge(self, chance: random.Random) -> None:
        work = self.work(chance)
        if work is not None:
            others = [each for each in self.works(work.name.order_id) if each != work.fulfilment_id]
            other = {"with": chance.choice(others or [work.fulfilment_id])}
            self.attempt("MergeFulfilments", fulfilment_id=work.fulfilment_id, **other)

    def hold_work(self, chance: random.Random) -> None:
        work = self.work(chance)
        if work is not None and work.state.held is not None:
            self.attempt("ReleaseFulfilment", fulfilment_id=work.fulfilment_id)
        elif work is not None:
            self.attempt("HoldFulfilment", fulfilment_id=work.fulfilment_id, reason="damaged box")

    def schedule(self, chance: random.Random) -> None:
        at = rfc3339(self.ledger.now.replace(year=self.ledger.now.year + chance.randrange(2)))
        self.act(chance, "ScheduleFulfilment", not_before=at)
        if chance.random() < 0.5:
            self.act(chance, "ReleaseFulfilmentSchedule")

    def pick(self, chance: random.Random) -> None:
        work = self.work(chance)
        if work is None:
            return
        more: dict[str, object] = {}
        if work.unpicked and chance.random() < 0.6:
            line_id = chance.choice(list(work.unpicked))
            units = chance.randrange(0, work.unpicked[line_id] + 1)
            more["lines"] = [{"line_id": line_id, "quantity": units, "lot": "L1"}]
            more["partial"] = chance.random() < 0.4
            more["write_off"] = chance.random() < 0.7
        self.attempt("PickFulfilment", fulfilment_id=work.fulfilment_id, **more)

    def pack_work(self, chance: random.Random) -> None:
        work = self.work(chance)
        if work is None:
            return
        more: dict[str, object] = {}
        if work.picked and chance.random() < 0.4:
            line_id = chance.choice(list(work.picked))
            units = chance.randrange(1, work.picked[line_id] + 1)
            lines = [{"line_id": line_id, "quantity": units}]
            more["packages"] = [{"lines": lines, "weight_g": 100}]
        if chance.random() < 0.2:
            more |= {"force": True, "reason": "the buyer waits"}
        answer = self.attempt("PackFulfilment", fulfilment_id=work.fulfilment_id, **more)
        if answer:
            self.shipments.append(answer["shipment_id"])

    def ready(self, chance: random.Random) -> None:
        answer = self.act(chance, "ReadyFulfilmentForPickup")
        if answer:
            made = [each["shipment_id"] for each in answer["shipments"]]
            self.shipments += [each for each in made if each not in self.shipments]

    def hand_over(self, chance: random.Random) -> None:
        waiting = [key for key, state in self.books.of(Fulfilment).items() if state.waiting]
        if waiting:
            self.attempt("RecordFulfilmentPickup", fulfilment_id=chance.choice(waiting))

    def refill(self, chance: random.Random) -> None:
        sku, place = chance.choice(("A", "B")), chance.choice(PLACES)
        self.attempt("ReceiveStock", sku=sku, location=place, quantity=chance.randrange(1, 6))
        self.attempt("AllocateBackorders", order_id=self.order(chance, is_backordered))

    def play(self, move: int) -> None:
        chance = random.Random(move)
        chance.choice(MOVES)(self, chance)

    def check_work(self) -> None:
        """Each unit of an order is in one place, and the answers are those of the books."""
        for order_id, order in self.books.of(Order).items():
            works = self.works(order_id)
            check_units_of_work(order, works)
            if not order.released:
                assert all(work.state.opened is None for work in works.values())


def check_units_of_work(order: Order, works: Mapping[str, Work]) -> None:
    if not order.confirmed:
        assert not works
        return
    at: Counter[tuple[str, str]] = Counter()
    packed: Counter[str] = Counter()
    shipped: Counter[str] = Counter()
    for work in works.values():
        assert not work.surplus, "picked units that nobody wants were not put back"
        status = work_status(work, order)
        possible = OPEN_STATUSES if work.is_open else get_args(FinalStatus)
        assert status in (*possible, "rejected")
        for line_id, units in work.open.items():
            at[(work.name.location, line_id)] += units
            assert 0 <= work.picked.get(line_id, 0) <= units
        packed.update(work.packed)
        shipped.update(work.shipped)
    allocated = {
        (place, line_id): units
        for line_id, line in order.lines.items()
        for place, units in line.allocated_at.items()
    }
    assert dict(at) == allocated
    for line_id, line in order.lines.items():
        assert packed[line_id] == line.packed
        assert shipped[line_id] == line.shipped


Move = Callable[[WarehouseLife, random.Random], None]

MOVES: Sequence[Move] = (
    *[WarehouseLife.pick, WarehouseLife.pack_work, WarehouseLife.carry] * 4,
    *[WarehouseLife.place, WarehouseLife.reject, WarehouseLife.move, WarehouseLife.split] * 2,
    *[WarehouseLife.merge, WarehouseLife.ready, WarehouseLife.hand_over] * 2,
    *[WarehouseLife.accept, WarehouseLife.hold_work, WarehouseLife.schedule, WarehouseLife.pack],
    *[WarehouseLife.confirm, WarehouseLife.edit, WarehouseLife.hold, WarehouseLife.cancel],
    *[WarehouseLife.cancel_part, WarehouseLife.resume, WarehouseLife.refill, WarehouseLife.pay],
    *[WarehouseLife.follow, WarehouseLife.wait, WarehouseLife.request_return],
)
"""More often what moves an order on."""
