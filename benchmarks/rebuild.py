"""Rebuilding: the bulk path beside the way live read models are folded, on the same log; and how
much it slows orders that are placed meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from statistics import median, quantiles

from benchmarks.compare import Plan, Ratio, Run, Table
from benchmarks.history import generate
from benchmarks.lag import connected, one_order, request
from benchmarks.machine import processor_seconds
from benchmarks.over_http import wait_until
from benchmarks.served import served_ledger
from benchmarks.shop import ledger, stocked
from oms_ledger.app import Oms
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.project.projector import LIVE_PATH, Projector
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.rebuild.builds import BUILDING, BuildRecord
from oms_ledger.heap import tune_interpreter
from oms_ledger.kernel import Position
from oms_ledger.settings import Settings
from oms_projections import PROJECTIONS

EVENTS, QUICK_EVENTS = 500_000, 100_000
OPEN_EVENTS, QUICK_OPEN_EVENTS = 200_000, 50_000
BULK = "three read models rebuilt"
JOBS = 2
SPLIT = f"three read models rebuilt in {JOBS} processes"
LIVE, PAGED = "the same, as live ones catch up", "the same, as live ones, page by page"
BEFORE, MEANWHILE = "orders before", "orders while three read models are rebuilt"
PAUSE_SECONDS = 0.01
NAMES = [model.name for model in PROJECTIONS]


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    runs: dict[str, list[Run]] = {SPLIT: [], BULK: [], LIVE: [], PAGED: []}
    processor: dict[str, list[float]] = {way: [] for way in runs}
    with ledger(server, "rebuild") as settings, stocked(settings) as oms:
        events = QUICK_EVENTS if plan.quick else EVENTS
        head = generate(oms, events, random.Random(1), plan.progress)
        for _ in range(plan.rounds):
            for way, turns in runs.items():
                before = processor_seconds(oms.url)
                turns.append(_turn(settings, oms, way, plan, head))
                processor[way].append((processor_seconds(oms.url) - before) / head * 1e6)
    used = "; ".join(f"{way}: {median(each):.0f} µs" for way, each in processor.items())
    return Table(
        "rebuild",
        "Rebuild",
        "events/s",
        runs,
        [Ratio(SPLIT, PAGED, 2), Ratio(SPLIT, BULK), Ratio(BULK, PAGED), Ratio(BULK, LIVE)],
        [
            f"{head:,} events, as in Replay; in one process but for `--jobs {JOBS}`, and without a"
            " rest. Rebuilding is timed with its indexes, and with the start of its processes. Page"
            " by page is how a projector follows: each page is written before the next is read."
            " Behind by more, it reads, folds and writes at the same time. Processor time an event,"
            f" PostgreSQL's with it, tables and indexes made and dropped: {used}."
        ],
    )


AS_LIVE = replace(LIVE_PATH, state=BUILDING)
"""Folds what is being built as a live read model is folded."""


def _turn(settings: Settings, oms: Oms, way: str, plan: Plan, head: Position) -> Run:
    """All read models, from the first event on, in tables of their own."""
    plan.progress(way)
    requested = oms.rebuilds.request(NAMES)
    if way in (BULK, SPLIT):
        with oms.rebuilds.builder(jobs=JOBS if way == SPLIT else 1) as builder:
            taken = _timed(head, lambda: _build(oms, builder, requested, plan, head))
    else:
        _make_whole(settings, requested)
        connect = partial(_connect, settings, Role.PROJECTOR)
        with Projector(connect, PROJECTIONS, path=AS_LIVE) as live:
            step = live.step if way == PAGED else live.advance
            taken = _timed(head, lambda: _follow(live, step, head))
    for build in requested:
        oms.rebuilds.drop(build.name, build.number)
    return taken


def _connect(settings: Settings, role: Role) -> Connection:
    assert settings.database_url is not None
    return pool.connect(settings.database_url, settings.schema, role=role)


def _make_whole(settings: Settings, requested: list[BuildRecord]) -> None:
    """Live tables have their indexes from the beginning."""
    models = {model.name: model for model in PROJECTIONS}
    with closing(_connect(settings, Role.OWNER)) as owner:
        for build in requested:
            builds.make_tables(owner, models[build.name], build.number)
            builds.make_indexes(owner, models[build.name], build.number)


def _follow(projector: Projector, step: Callable[[], int], head: Position) -> None:
    while projector.lowest_position() < head:
        step()


def _timed(events: int, act: Callable[[], None]) -> Run:
    started = time.perf_counter()
    act()
    return Run(events / (time.perf_counter() - started))


def _build(
    oms: Oms, builder: Projector, requested: list[BuildRecord], plan: Plan, head: Position
) -> None:
    while not _done(oms, requested):
        builder.advance()
        plan.progress(f"{BULK}: {builder.lowest_position():,} of {head:,} events")


def _done(oms: Oms, requested: list[BuildRecord]) -> bool:
    """Whole, and at the end of the log or nearly."""
    wanted = {build.key for build in requested}
    mine = [s for s in oms.readers.status() if (s.name, s.version) in wanted]
    return all(s.indexed and s.lag_events < 1000 for s in mine)


def measure_open(server: str, plan: Plan) -> Table:
    runs: dict[str, list[Run]] = {BEFORE: [], MEANWHILE: []}
    with ledger(server, "rebuild_open") as settings, stocked(settings) as oms:
        events = QUICK_OPEN_EVENTS if plan.quick else OPEN_EVENTS
        head = generate(oms, events, random.Random(1), plan.progress)
        with served_ledger(settings) as url:
            wait_until(lambda: all(s.lag_events == 0 for s in oms.readers.status()))
            for n in range(plan.rounds):
                plan.progress(f"{BEFORE} (round {n + 1} of {plan.rounds})")
                ends = time.monotonic() + plan.seconds
                runs[BEFORE].append(_ordering(url, lambda: time.monotonic() > ends))  # noqa: B023  # used at once
                requested = oms.rebuilds.request(NAMES)
                plan.progress(f"{MEANWHILE} (round {n + 1} of {plan.rounds})")
                runs[MEANWHILE].append(_ordering(url, lambda: _done(oms, requested)))  # noqa: B023  # used at once
                for build in requested:
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
            request(connection, "POST", "/v1/orders", one_order())
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE_SECONDS)
    cuts = quantiles(took, n=100)
    return Run(len(took) / (time.perf_counter() - started), cuts[49], cuts[98])
