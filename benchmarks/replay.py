"""Replay: all three read models folded from the log, from its first event to its last; beside
reading and decoding the same pages, which is what every projector must do at least."""

from __future__ import annotations

import random
import time

from benchmarks.compare import Plan, Ratio, Run, Table
from benchmarks.history import generate
from benchmarks.shop import ledger, stocked
from oms_ledger.app import Oms
from oms_ledger.engine.db import pool
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.heap import tune_interpreter
from oms_ledger.kernel import Position
from oms_ledger.settings import Settings
from oms_projections import PROJECTIONS

EVENTS, QUICK_EVENTS = 1_000_000, 100_000
REPLAY, DECODE = "three read models", "reading and decoding alone"
PAGE_EVENTS = 5000


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    with ledger(server, "replay") as settings, stocked(settings) as oms:
        events = QUICK_EVENTS if plan.quick else EVENTS
        head = generate(oms, events, random.Random(1), plan.progress)
        decoded = _decode(settings, head, plan)
        replayed = _replay(oms, head, plan)
    return Table(
        "replay",
        "Replay",
        "events/s",
        {REPLAY: [replayed], DECODE: [decoded]},
        [Ratio(REPLAY, DECODE)],
        [
            f"{head:,} events: orders placed and confirmed, cancelled, shipped, scanned and"
            " delivered, in cohorts, so that the events of an order lie on different pages."
        ],
        {REPLAY: 30_000},
    )


def _replay(oms: Oms, head: Position, plan: Plan) -> Run:
    started = time.perf_counter()

    def progress(position: Position) -> None:
        plan.progress(f"{REPLAY}: {position:,} of {head:,} events")

    oms.catch_up(head, progress)
    return Run(head / (time.perf_counter() - started))


def _decode(settings: Settings, head: Position, plan: Plan) -> Run:
    plan.progress(DECODE)
    assert settings.database_url is not None
    wanted = stored_names(frozenset().union(*(model.event_types for model in PROJECTIONS)))
    started = time.perf_counter()
    with pool.connect(settings.database_url, settings.schema) as connection:
        for after in range(0, head, PAGE_EVENTS):
            pages.read_page(connection, after, after + PAGE_EVENTS, wanted)
    return Run(head / (time.perf_counter() - started))
