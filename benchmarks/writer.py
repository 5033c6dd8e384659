"""In-process batches: the five-event order, as fast as this process can have it decided and
committed; beside PostgreSQL itself and the library used the ordinary way."""

from __future__ import annotations

import random
from itertools import cycle

from benchmarks import ordinary, postgres
from benchmarks.compare import Plan, Ratio, Table, take_turns
from benchmarks.shop import event_sizes, five_event_order, keep_in_flight, ledger, stocked
from oms_ledger.heap import tune_interpreter

FEW, MANY, HOT = "64 in flight", "1,000 in flight", "1,000 in flight, one SKU"
ORDERS = 10_000
PGBENCH, ORDINARY = "pgbench, 16 clients", "eventsourcing, 4 threads"


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    chance = random.Random(1)
    with (
        ledger(server, "writer") as settings,
        stocked(settings) as oms,
        ordinary.at_work(server) as others,
    ):
        spread = cycle([five_event_order(chance) for _ in range(ORDERS)])
        hot = cycle([five_event_order(chance, skus=1) for _ in range(ORDERS)])
        keep_in_flight(oms, spread, 64, 1.0)
        sizes = event_sizes(settings)
        postgres.prepare(server, settings.schema)

        runs = take_turns(
            plan,
            {
                MANY: lambda seconds: keep_in_flight(oms, spread, 1000, seconds),
                PGBENCH: lambda seconds: postgres.run(server, settings.schema, sizes, seconds),
                FEW: lambda seconds: keep_in_flight(oms, spread, 64, seconds),
                HOT: lambda seconds: keep_in_flight(oms, hot, 1000, seconds),
                ORDINARY: others,
            },
        )
    return Table(
        "writer",
        "In-process batches",
        "orders/s",
        runs,
        [
            Ratio(MANY, PGBENCH, 1.0),
            Ratio(FEW, PGBENCH),
            Ratio(MANY, ORDINARY, 25.0),
            Ratio(HOT, MANY, 0.8),
        ],
        [
            "Each order has what is personal sealed, is decided, written as five events and"
            " answered; the orders are validated beforehand, which over HTTP is the server's work."
            f" The events have {', '.join(map(str, sizes))} bytes; pgbench inserts five rows of"
            " these sizes."
        ],
    )
