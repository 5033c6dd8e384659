"""Retention: erases persons whose retention period is over, and deletes records kept long enough.

Without a period set in the ledger nothing is erased or deleted but the receipts of refusals. A run
can be interrupted anywhere; the next run continues with what remains. Only counts are logged.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.domain.customers.events import PeriodOver
from oms_ledger.domain.customers.retention import KINDS, OF_PERSONS, POLICY, Period, Retention
from oms_ledger.domain.errors import OmsError
from oms_ledger.engine.write.submissions import Outcome
from oms_ledger.kernel import Command, Json, Log, Position, Query
from oms_projections import QUERIES
from oms_projections.retention_periods.queries import RetentionDue

log = structlog.get_logger(__name__)

ACTOR = "system:retention"
REASON = "period of retention is over"

JOB = "retention"
"""Name of the job that one process at a time may run."""

PAGE_SIZE = 100
"""Persons read and erased together. Between reading and erasing a new order of theirs could
arrive, so a page is short."""

RUN_ERASURES_MAX = 5000
"""Persons erased in one run; if more are due, the next run follows soon."""

RUN_DELETIONS_MAX = 100_000
"""Rows of one kind deleted in one run."""

OF_RECORDS = KINDS.keys() - set(OF_PERSONS)
"""The kinds that are deleted by the age of each record."""

REFUSALS = "refusals"
REFUSALS_KEPT = timedelta(days=7)
"""Receipts of refused commands, which are kept so long whatever the period of receipts is: nothing
happened that a repetition could do twice."""

(DUE,) = [query for query in QUERIES if query.name == "retention_due"]


class ExecuteMany(Protocol):
    """Decides commands in order and returns outcomes, with refusals in place."""

    def __call__(
        self, commands: Sequence[Command], /, *, actor: str
    ) -> list[Outcome | OmsError]: ...


@dataclass(frozen=True, slots=True)
class RetentionPorts:
    """What retention needs of an open ledger.

    `exclusive(job)` yields True to one process at a time. `sweep_erasures(after)` destroys the keys
    of erasures decided after a position and returns how many keys, and the position reached.
    `query` answers once the read model has reached the head. `log` opens the log at its head.
    `prune(kind, before)` deletes some rows of a kind older than `before`, and returns how many; 0
    when none is left.
    """

    exclusive: Callable[[str], AbstractContextManager[bool]]
    sweep_erasures: Callable[[Position], tuple[int, Position]]
    query: Callable[[Query, object], Mapping[str, Json]]
    log: Callable[[], AbstractContextManager[Log]]
    execute_many: ExecuteMany
    prune: Callable[[str, datetime], int]


@dataclass(slots=True)
class RetentionRun:
    """Result of one run: the count of persons erased (`forgotten`), the counts of persons due but
    `skipped`, by reason, and the counts of rows deleted (`pruned`), by kind. `more` is True if the
    run ended before everything due was processed."""

    forgotten: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    pruned: Counter[str] = field(default_factory=Counter)
    more: bool = False

    def json(self) -> dict[str, Json]:
        skipped, pruned = dict(self.skipped), dict(self.pruned)
        return {
            "forgotten": self.forgotten, "left": skipped, "pruned": pruned, "more": self.more
        }  # fmt: skip


def run_once(
    ports: RetentionPorts,
    now: datetime,
    *,
    at_most: int = RUN_ERASURES_MAX,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> RetentionRun | None:
    """Erase and delete what is due by `now`; None if another process is running the job. The read
    models must be up to date, or be brought up to date by a worker meanwhile."""
    stop = stop or threading.Event()
    with ports.exclusive(JOB) as mine:
        if not mine:
            return None
        ports.sweep_erasures(0)
        run = RetentionRun()
        for items in due(ports, now):
            _erase(ports, items, run)
            progress(run.forgotten)
            if run.forgotten >= at_most or stop.is_set():
                run.more = True
                break
        _prune(ports, now, run, stop)
        return run


def due(ports: RetentionPorts, at: datetime) -> Iterator[list[Mapping[str, Json]]]:
    """Pages of the persons whose period is over by `at`, as the query `retention_due` answers
    them. Each page is read when it is needed."""
    cursor: str | None = None
    while True:
        page = ports.query(DUE, RetentionDue(at=at, cursor=cursor, limit=PAGE_SIZE))
        items = page["items"]
        assert isinstance(items, Sequence)
        yield [item for item in items if isinstance(item, Mapping)]
        if page["next_cursor"] is None:
            return
        cursor = str(page["next_cursor"])


def _erase(ports: RetentionPorts, items: Sequence[Mapping[str, Json]], run: RetentionRun) -> None:
    run.skipped.update(str(item["why"]) for item in items if not item["forget"])
    commands = [_command(item) for item in items if item["forget"]]
    for result in ports.execute_many(commands, actor=ACTOR):
        if isinstance(result, OmsError):  # a hold or a longer period was set in between
            run.skipped[result.code] += 1
        else:
            run.forgotten += 1


def _command(item: Mapping[str, Json]) -> ForgetCustomer:
    country = item["country"]
    period = PeriodOver(
        str(item["kind"]),
        None if country is None else str(country),
        str(item["keep"]),
        datetime.fromisoformat(str(item["since"])),
        int(str(item["policy"])),
    )
    return ForgetCustomer(str(item["customer_id"]), REASON).because(period)


def _prune(ports: RetentionPorts, now: datetime, run: RetentionRun, stop: threading.Event) -> None:
    with ports.log() as ledger:
        periods = ledger.fold(Retention, POLICY).periods
    ends = {kind: Period.of(periods[kind]).before(now) for kind in OF_RECORDS if kind in periods}
    for kind, before in {REFUSALS: now - REFUSALS_KEPT, **ends}.items():
        while (count := ports.prune(kind, before)) > 0:
            run.pruned[kind] += count
            if run.pruned[kind] >= RUN_DELETIONS_MAX or stop.is_set():
                run.more = True
                break


def next_run(now: datetime, hour: int) -> datetime:
    """The next time after `now` at which it is this hour (UTC)."""
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


class ErasureSweep:
    """Destroys the keys of erasures that were decided by a process that died before it did so."""

    def __init__(self, ports: RetentionPorts) -> None:
        self._ports = ports
        self._swept = 0

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop; cheap where no erasure is new."""
        keys, self._swept = self._ports.sweep_erasures(self._swept)
        if keys:
            log.warning("forgetting_finished", keys=keys)
        return True


class RetentionScheduler:
    """Runs retention in a worker: once at its start and then every day at `hour` (UTC). `clock`
    returns the current time, and `check` raises where other clocks do not agree with it."""

    def __init__(
        self,
        ports: RetentionPorts,
        hour: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        check: Callable[[datetime], None] = lambda now: None,
    ) -> None:
        self._ports = ports
        self._check = check
        self._hour = hour
        self._clock = clock
        self._next: datetime | None = None

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: run retention if it is due. False where it is not, or another
        process runs it."""
        return self.run_if_due(stop) is not None

    def run_if_due(self, stop: threading.Event | None = None) -> RetentionRun | None:
        """The result of the run; None where none is due, or another process runs it."""
        now = self._clock()
        if self._next is not None and now < self._next:
            return None
        self._check(now)
        run = run_once(self._ports, now, stop=stop)
        if run is None or not run.more:
            self._next = next_run(now, self._hour)
        if run is not None:
            log.info("retention_round", **run.json())
        return run
