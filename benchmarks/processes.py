"""Orders over HTTP with one and with two API processes, and whose processor time an order takes."""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from statistics import median

import psutil  # type: ignore[import-untyped]  # the library has no types
import psycopg

from benchmarks.compare import Contender, Plan, Ratio, Run, Table, take_turns
from benchmarks.over_http import wait_until
from benchmarks.served import orders, result_of, served_ledger, start_wrk
from benchmarks.shop import ACTOR, five_event_order, ledger, stocked
from oms_ledger.app import Oms

CONNECTIONS = 64
EVENTS = 5
"""Of an order."""

ONE, TWO = "1 API process", "2 API processes"

ROLES = {"api_process": "API", "worker_process": "worker"}
"""Parts of a command line, and what such a process does."""

Shares = dict[str, float]
"""Microseconds of processor time an order, by role."""


def measure(server: str, plan: Plan) -> Table:
    shares: dict[str, list[Shares]] = {ONE: [], TWO: []}
    with ExitStack() as stack:
        enter = stack.enter_context
        contenders: dict[str, Contender] = {}
        for number, name in enumerate((ONE, TWO), 1):
            settings = enter(ledger(server, f"processes_{number}"))
            oms = enter(stocked(settings))
            oms.execute(five_event_order(random.Random(1)), actor=ACTOR)
            url = enter(served_ledger(settings, api_processes=number))
            contenders[name] = _contender(oms, url, shares[name])
        runs = take_turns(plan, contenders)
    notes = [NOTE, *(f"{name}: {_sentence(each)}." for name, each in shares.items())]
    return Table(
        "processes",
        "API processes",
        "orders/s",
        runs,
        [Ratio(TWO, ONE, 1.6)],
        notes,
    )


NOTE = (
    f"Single orders over {CONNECTIONS} connections; API, worker, PostgreSQL and wrk share the"
    " machine, and each turn ends when the worker has caught up. Processor time is that of the"
    " whole turn."
)


def _contender(oms: Oms, url: str, shares: list[Shares]) -> Contender:
    def run(seconds: float) -> Run:
        before, head = _processor_time(oms), oms.readers.head()
        with start_wrk(url, orders(CONNECTIONS), seconds) as client:
            client_seconds = 0.0
            while client.poll() is None:
                with suppress(psutil.NoSuchProcess):
                    client_seconds = _seconds(psutil.Process(client.pid))
                time.sleep(0.05)
            output, _ = client.communicate()
        result = result_of(output, orders(CONNECTIONS))
        wait_until(lambda: all(s.lag_events == 0 for s in oms.readers.status()))
        used = {role: each - before[role] for role, each in _processor_time(oms).items()}
        used["wrk"] = client_seconds
        placed = (oms.readers.head() - head) / EVENTS
        shares.append({role: 1e6 * each / placed for role, each in used.items()})
        return result

    return run


def _processor_time(oms: Oms) -> defaultdict[str, float]:
    """Seconds, by role: of the servers that this process has started, and of all of PostgreSQL,
    with its processes that have ended. One server is idle while the other is measured."""
    used: defaultdict[str, float] = defaultdict(float)
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            for part, role in ROLES.items():
                if part in line:
                    used[role] += _seconds(process)
    with psycopg.connect(oms.url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
        for process in (server, *server.children()):
            with suppress(psutil.NoSuchProcess):
                used["PostgreSQL"] += _seconds(process)
    ended = server.cpu_times()
    used["PostgreSQL"] += ended.children_user + ended.children_system
    return used


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _sentence(turns: Sequence[Shares]) -> str:
    roles = ("API", "worker", "PostgreSQL", "wrk")
    each = {role: median(shares.get(role, 0.0) for shares in turns) for role in roles}
    parts = ", ".join(f"{role} {microseconds:,.0f} µs" for role, microseconds in each.items())
    return f"processor time an order {parts}; together {sum(each.values()):,.0f} µs"
