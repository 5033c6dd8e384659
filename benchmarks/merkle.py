"""What sealing costs writes: the same orders with a sealer at work in a process of its own, as a
worker has it, and without one; and whether it keeps up with them."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from threading import Event, Thread

import psutil  # type: ignore[import-untyped]  # the library has no types
import psycopg

from benchmarks import sealed_writes as door
from benchmarks.compare import Contender, Plan, Ratio, Run, Table, take_turns
from benchmarks.shop import event_sizes, five_event_order, keep_in_flight, ledger, stocked
from oms_ledger.app import Oms
from oms_ledger.audit.tree.postgres import PostgresTree
from oms_ledger.audit.tree.sealer import Sealer
from oms_ledger.engine.work.loops import Loop
from oms_ledger.heap import tune_interpreter
from oms_ledger.http.app import create_app
from oms_ledger.kernel import Command
from oms_ledger.settings import Settings
from oms_ledger.worker.worker import SEALING_SECONDS

IN_FLIGHT = 1000
ORDERS = 10_000
EVENTS_AN_ORDER = 5

IN_PROCESS, OVER_HTTP = "in process, 1,000 in flight", "HTTP, 64 at a time"
SEALED, PER_CPU = "{}, sealed", "{}: a second of processor time"
BUT_SEALING = "{}: the same, but for the sealer's own"
SEALER = "benchmark-sealer"
"""What its connections are called in PostgreSQL."""

TARGET = 0.95
KEEP_UP_SECONDS = 60.0

Load = Callable[[Oms, float], None]
"""Orders for so many seconds."""


@dataclass(slots=True)
class Turns:
    """What is found out besides rates: orders for a second of processor time, and how far behind
    the tree was when the last order was answered."""

    cpu: dict[str, list[Run]] = field(default_factory=dict)
    behind: list[int] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)

    def add(self, name: str, rate: float) -> None:
        self.cpu.setdefault(name, []).append(Run(rate))

    def note(self) -> str:
        return (
            "When the last order of a turn was answered the tree lacked"
            f" {median(self.behind):,.0f} events (at most {max(self.behind):,}), and"
            f" {median(self.late_ms):,.0f} ms later (at most {max(self.late_ms):,.0f}) it had all:"
            " there is one checkpoint a second."
        )


def measure(server: str, plan: Plan) -> Table:
    tune_interpreter()
    turns = Turns()
    with (
        tempfile.TemporaryDirectory() as folder,
        ledger(server, "merkle") as settings,
        stocked(replace(settings, data_dir=Path(folder))) as oms,
    ):
        loads = {IN_PROCESS: _in_process(), OVER_HTTP: _over_http}
        for load in loads.values():
            load(oms, 1.0)
        sizes = event_sizes(settings)
        contenders = {}
        for name, load in loads.items():
            contenders[name] = _contender(oms, turns, name, load, sealed=False)
            contenders[SEALED.format(name)] = _contender(
                oms, turns, SEALED.format(name), load, sealed=True
            )
        runs = take_turns(plan, contenders)
    return Table(
        "merkle",
        "Sealing beside writes",
        "orders/s",
        {**runs, **turns.cpu},
        [ratio for name in loads for ratio in _ratios(name)],
        [
            f"Orders as above, of {', '.join(map(str, sizes))} bytes, in process and through the"
            " whole of the API but the socket. The sealer is a process of its own, as it is in a"
            " worker. Processor time is that of all processes, PostgreSQL's with them, until the"
            " last event of the turn is sealed; the sealer's own is that of its process and of its"
            " connections in PostgreSQL, and is compared within one turn.",
            turns.note(),
        ],
    )


def _ratios(name: str) -> Iterator[Ratio]:
    sealed = SEALED.format(name)
    yield Ratio(sealed, name, TARGET)
    yield Ratio(PER_CPU.format(sealed), PER_CPU.format(name), TARGET)
    yield Ratio(PER_CPU.format(sealed), BUT_SEALING.format(sealed), TARGET)


def _in_process() -> Load:
    chance = random.Random(1)
    orders: Iterator[Command] = cycle([five_event_order(chance) for _ in range(ORDERS)])

    def load(oms: Oms, seconds: float) -> None:
        keep_in_flight(oms, orders, IN_FLIGHT, seconds)

    return load


def _over_http(oms: Oms, seconds: float) -> None:
    deadline = time.monotonic() + seconds

    def bodies() -> Iterator[bytes]:
        for n in count():
            if time.monotonic() > deadline:
                return
            yield door.body(n % 100)

    app = create_app(oms, no_auth=True)  # lives on the event loop of one load
    asyncio.run(door.load(app, bodies(), 1))


def _contender(oms: Oms, turns: Turns, name: str, load: Load, *, sealed: bool) -> Contender:
    def plain(seconds: float) -> Run:
        return turn(seconds, None)

    def beside(seconds: float) -> Run:
        with sealing(oms.settings) as sealer:
            _until_sealed(oms)  # what was written without it
            return turn(seconds, sealer)

    def turn(seconds: float, sealer: psutil.Process | None) -> Run:
        head, cpu, started = oms.readers.head(), Used.now(oms, sealer), time.perf_counter()
        load(oms, seconds)
        ended, state = time.perf_counter(), oms.audit.tree().state()
        orders = (state.head - head) / EVENTS_AN_ORDER
        if sealer is not None:
            _until_sealed(oms)
            turns.late_ms.append((time.perf_counter() - ended) * 1000)
            turns.behind.append(state.head - state.size)
        used = Used.now(oms, sealer).since(cpu)
        turns.add(PER_CPU.format(name), orders / used.all)
        if sealer is not None:
            turns.add(BUT_SEALING.format(name), orders / (used.all - used.sealing))
        return Run(orders / (ended - started))

    return beside if sealed else plain


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of processor time: of this process, the sealer's, and all of PostgreSQL, those of
    its processes included that have ended; and the sealer's and its connections' among them."""

    all: float
    sealing: float

    @classmethod
    def now(cls, oms: Oms, sealer: psutil.Process | None) -> Used:
        with psycopg.connect(oms.url) as connection:
            postgres = psutil.Process(connection.info.backend_pid).parent()
            its = {process.pid: _seconds(process) for process in postgres.children()}
            lent = [pid for (pid,) in connection.execute(LENT, (SEALER,)).fetchall()]
        ended = postgres.cpu_times().children_user + postgres.cpu_times().children_system
        own = 0.0 if sealer is None else _seconds(sealer)
        all_ = time.process_time() + own + _seconds(postgres) + float(ended) + sum(its.values())
        return cls(all_, own + sum(its.get(pid, 0.0) for pid in lent))

    def since(self, before: Used) -> Used:
        return Used(self.all - before.all, self.sealing - before.sealing)


LENT = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"


def _seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


@contextmanager
def sealing(settings: Settings) -> Iterator[psutil.Process]:
    """A process that seals the ledger at its usual pace."""
    spawn = get_context("spawn")
    pipe, child_pipe = spawn.Pipe()
    process = spawn.Process(target=_seal, args=(settings, child_pipe))
    process.start()
    try:
        pipe.recv()
        yield psutil.Process(process.pid)
    finally:
        pipe.send(None)
        process.join()


def _seal(settings: Settings, pipe: Pipe) -> None:
    tune_interpreter()
    stop = Event()
    options = f"-csearch_path={settings.schema}"
    with psycopg.connect(
        settings.database_url or "", autocommit=True, options=options, application_name=SEALER
    ) as connection:
        store = PostgresTree(lambda: nullcontext(connection))
        sealer = Sealer(store, settings.ledger, settings.data_dir / "signing.key")
        loop = Loop("sealer", sealer.attempt, pace_seconds=SEALING_SECONDS)
        thread = Thread(target=loop.run, args=(stop,))
        thread.start()
        pipe.send(None)
        pipe.recv()
        stop.set()
        thread.join()


def _until_sealed(oms: Oms) -> None:
    head, deadline = oms.readers.head(), time.monotonic() + KEEP_UP_SECONDS
    while oms.audit.tree().state().size < head:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the tree is not at {head} after {KEEP_UP_SECONDS:g} s")
        time.sleep(0.01)
