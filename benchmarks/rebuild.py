"""Rebuilding: the bulk path beside the way live read models are folded, on the same log; and what
whoever places orders meanwhile feels of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from statistics import quantiles

from benchmarks.compare import Plan, Ratio, Run, Table
from benchmarks.history import generate
from benchmarks.lag import asked, connected, one_order
from benchmarks.over_http import wait_until
from benchmarks.serving import ours
from benchmarks.shop import ledger, stocked
from oms_ledger.app import Oms, tune_interpreter
from oms_ledger.engine.builds import Known
from oms_ledger.engine.rebuild import Builder
from oms_ledger.kernel import Position
from oms_projections import PROJECTIONS

EVENTS, QUICK_EVENTS = 500_000, 100_000
OPEN_EVENTS, QUICK_OPEN_EVENTS = 200_000, 50_000
BULK, LIVE = "three read models rebuilt", "the same, folded as live ones are"
BEFORE, MEANWHILE = "orders before", "orders while three read models are rebuilt"
PAUSE_SECONDS = 0.01
NAMES = [model.name for model in PROJECTIONS]


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    with ledger(server, "rebuild") as settings, stocked(settings) as oms:
        events = QUICK_EVENTS if plan.quick else EVENTS
        head = generate(oms, events, random.Random(1), plan.tell)
        live = _timed(head, lambda: oms.catch_up(head, _telling(plan, LIVE, head)))
        builds = oms.rebuilds.ask(NAMES)
        with closing(oms.rebuilds.builder()) as builder:
            bulk = _timed(head, lambda: _build(oms, builder, builds, plan, head))
    return Table(
        "rebuild",
        "Rebuild",
        "events/s",
        {BULK: [bulk], LIVE: [live]},
        [Ratio(BULK, LIVE)],
        [
            f"{head:,} events, as in Replay; in one process and without a rest. Rebuilding is"
            " timed with its indexes."
        ],
    )


def _timed(events: int, act: Callable[[], None]) -> Run:
    started = time.perf_counter()
    act()
    return Run(events / (time.perf_counter() - started))


def _telling(plan: Plan, doing: str, head: Position) -> Callable[[Position], None]:
    return lambda position: plan.tell(f"{doing}: {position:,} of {head:,} events")


def _build(oms: Oms, builder: Builder, builds: list[Known], plan: Plan, head: Position) -> None:
    tell = _telling(plan, BULK, head)
    while not _done(oms, builds):
        builder.step()
        tell(min(s.position for s in oms.readers.status()))


def _done(oms: Oms, builds: list[Known]) -> bool:
    """Whole, and at the end of the log or nearly."""
    wanted = {build.key for build in builds}
    mine = [s for s in oms.readers.status() if (s.name, s.version) in wanted]
    return all(s.indexed and s.lag_events < 1000 for s in mine)


def measure_open(server: str, plan: Plan) -> Table:
    runs: dict[str, list[Run]] = {BEFORE: [], MEANWHILE: []}
    with ledger(server, "rebuild_open") as settings, stocked(settings) as oms:
        events = QUICK_OPEN_EVENTS if plan.quick else OPEN_EVENTS
        head = generate(oms, events, random.Random(1), plan.tell)
        with ours(settings) as url:
            wait_until(lambda: all(s.lag_events == 0 for s in oms.readers.status()))
            for n in range(plan.rounds):
                plan.tell(f"{BEFORE} (round {n + 1} of {plan.rounds})")
                ends = time.monotonic() + plan.seconds
                runs[BEFORE].append(_ordering(url, lambda: time.monotonic() > ends))  # noqa: B023  # used at once
                builds = oms.rebuilds.ask(NAMES)
                plan.tell(f"{MEANWHILE} (round {n + 1} of {plan.rounds})")
                runs[MEANWHILE].append(_ordering(url, lambda: _done(oms, builds)))  # noqa: B023  # used at once
                for build in builds:
                    oms.rebuilds.drop(build.name, build.number)
    ratios = sorted(
        (during.p99_ms or 0.0) / (before.p99_ms or 1.0)
        for before, during in zip(runs[BEFORE], runs[MEANWHILE], strict=True)
    )
    return Table(
        "rebuild_open",
        "Rebuilding while the shop is open",
        "orders/s",
        runs,
        notes=[
            f"A log of {head:,} events; one order every few milliseconds over HTTP, with API,"
            " worker and PostgreSQL on the same machine. The slowest hundredth of the orders took"
            f" {ratios[len(ratios) // 2]:.2f} times as long while read models were rebuilt (median"
            f" of the rounds; {ratios[0]:.2f} to {ratios[-1]:.2f}); at most 3 times is the target."
        ],
    )


def _ordering(url: str, over: Callable[[], bool]) -> Run:
    """One order after the other, with a short pause; looks now and then whether it is over."""
    took: list[float] = []
    started = time.perf_counter()
    with closing(connected(url)) as connection:
        while len(took) % 50 or not took or not over():
            began = time.perf_counter()
            asked(connection, "POST", "/v1/orders", one_order())
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE_SECONDS)
    cuts = quantiles(took, n=100)
    return Run(len(took) / (time.perf_counter() - started), cuts[49], cuts[98])
