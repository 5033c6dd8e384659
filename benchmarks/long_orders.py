"""Orders of many lines, one after the other, each committed before the next: what one more line
costs."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from itertools import cycle

from benchmarks.compare import Contender, Plan, Ratio, Run, Table, take_turns
from benchmarks.shop import ACTOR, five_event_order, ledger, stocked
from oms_commands.orders.place import PlaceOrder
from oms_ledger.app import Oms
from oms_ledger.heap import tune_interpreter

ORDERS = 200
LINES = (3, 20, 200)


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    chance = random.Random(1)
    with ledger(server, "long_orders") as settings, stocked(settings) as oms:
        contenders: Mapping[str, Contender] = {
            name_of(lines): _one_by_one(
                oms, cycle([five_event_order(chance, lines=lines) for _ in range(ORDERS)])
            )
            for lines in LINES
        }
        runs = take_turns(plan, contenders)
    return Table(
        "long_orders",
        "Orders of many lines",
        "orders/s",
        runs,
        [
            Ratio(name_of(200), name_of(3), 0.1),
            Ratio(name_of(20), name_of(3)),
        ],
        ["In process, one at a time. A line is an event of its own: 200 lines are 202 events."],
    )


def name_of(lines: int) -> str:
    return f"{lines} lines"


def _one_by_one(oms: Oms, orders: Iterator[PlaceOrder]) -> Contender:
    def run(seconds: float) -> Run:
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            oms.execute(next(orders), actor=ACTOR)
            done += 1
        return Run(done / (time.perf_counter() - started))

    return run
