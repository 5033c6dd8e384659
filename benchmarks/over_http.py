"""Orders over HTTP, one a request and a hundred; beside the same route that writes nothing, the
library's ordinary way behind such a route, and PostgreSQL itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from benchmarks import ordinary, postgres
from benchmarks.compare import Contender, Plan, Ratio, Run, Table, take_turns
from benchmarks.served import Load, orders, route, served_ledger, wrk
from benchmarks.shop import ACTOR, event_sizes, five_event_order, ledger, orders_placed, stocked
from oms_ledger.app import Oms

CONNECTIONS, BATCH = 64, 100
SERVE, ALONE = "oms-ledger serve", "the same without its worker"
NULL, ORDINARY = "route that writes nothing", "eventsourcing behind a route"
BATCHES, PGBENCH = "oms-ledger serve, batches of 100", "pgbench, 16 clients"


def measure(server: str, plan: Plan) -> Table:
    with ExitStack() as stack:
        enter = stack.enter_context
        folded = enter(ledger(server, "http"))
        bare = enter(ledger(server, "http_bare"))
        oms, others = enter(stocked(folded)), enter(stocked(bare))
        for shop in (oms, others):
            shop.execute(five_event_order(random.Random(1)), actor=ACTOR)
        enter(ordinary.schema(server))
        yardstick = {"BENCH_URL": server, "BENCH_SCHEMA": ordinary.SCHEMA}
        serve, alone = enter(served_ledger(folded)), enter(served_ledger(bare, workers=0))
        null = enter(route("benchmarks.null_route", {}))
        usual = enter(route("benchmarks.ordinary_route", yardstick))
        postgres.prepare(server, folded.schema)
        sizes = event_sizes(folded)
        one, many = orders(1), orders(CONNECTIONS)
        contenders: dict[str, Contender] = {}
        for suffix, load in ((_over(CONNECTIONS), many), (_over(1), one)):
            contenders |= {
                SERVE + suffix: _followed(oms, serve, load),
                NULL + suffix: _client(null, load),
                ORDINARY + suffix: _client(usual, load),
                ALONE + suffix: _client(alone, load),
            }
        contenders |= {
            BATCHES: _followed(oms, serve, orders(8, batch=BATCH)),
            PGBENCH: lambda seconds: postgres.run(server, folded.schema, sizes, seconds),
            BATCHES + " without its worker": _client(alone, orders(8, batch=BATCH)),
        }
        runs = take_turns(plan, contenders)
        _check_placed(orders_placed(folded), runs, plan)
    return Table("http", "Orders over HTTP", "orders/s", runs, _ratios(), NOTES)


NOTES = (
    "API, worker, PostgreSQL and wrk share the machine. serve has one API process, and a worker"
    " that folds the three read models meanwhile; the yardsticks fold nothing, hence the figures"
    " without it. Each turn waits until the worker has caught up.",
)


def _over(connections: int) -> str:
    return f", {connections} connection{'s' if connections > 1 else ''}"


def _ratios() -> list[Ratio]:
    ratios = []
    for suffix, target in ((_over(CONNECTIONS), True), (_over(1), False)):
        for name in (SERVE, ALONE):
            aimed = target and name == SERVE
            ratios += [
                Ratio(name + suffix, ORDINARY + suffix, 8.0 if aimed else None),
                Ratio(name + suffix, NULL + suffix, 0.5 if aimed else None),
            ]
    return [
        *ratios,
        Ratio(BATCHES, PGBENCH, 0.6),
        Ratio(BATCHES + " without its worker", PGBENCH),
    ]


def _client(url: str, load: Load) -> Contender:
    return lambda seconds: wrk(url, load, seconds)


def _followed(oms: Oms, url: str, load: Load) -> Contender:
    """And waits until its read models have caught up, so that the next turn is undisturbed."""

    def run(seconds: float) -> Run:
        result = wrk(url, load, seconds)
        wait_until(lambda: all(s.lag_events == 0 for s in oms.readers.status()))
        return result

    return run


def wait_until(true: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("the read models do not catch up")
        time.sleep(0.1)


def _check_placed(placed: int, runs: Mapping[str, Sequence[Run]], plan: Plan) -> None:
    """Every order that was answered for is in the log. There may be some more, whose answers
    came after wrk had stopped counting."""
    answered = sum(
        run.rate * round(plan.seconds)
        for name, turns in runs.items()
        if name.startswith(SERVE) and "without" not in name
        for run in turns
    )
    if placed < answered:
        raise RuntimeError(f"{answered:,.0f} orders were answered, and {placed:,} are there")
