"""Periods of retention carried out: whoever is due is forgotten, and records that were kept long
enough are deleted. Nothing happens without a period.

A round can be broken off anywhere: the next one goes on with what is left. What it logs are counts.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.app import Oms
from oms_ledger.domain.customers.events import PeriodOver
from oms_ledger.domain.customers.retention import KINDS, OF_PERSONS, POLICY, Period, Retention
from oms_ledger.domain.errors import OmsError
from oms_ledger.kernel import Json
from oms_projections import QUERIES
from oms_projections.retention_periods.queries import RetentionDue

log = structlog.get_logger(__name__)

ACTOR = "system:retention"
REASON = "period of retention is over"

JOB = "retention"

AT_ONCE = 100
"""Persons looked up and forgotten together: between the two no order of theirs should come in."""

AT_MOST = 5000
"""Persons forgotten in one round; where there are more, the next one follows soon."""

PRUNED_AT_MOST = 100_000
"""Rows of one kind deleted in one round."""

LOOK_SECONDS = 60.0
"""How often to look whether somebody died over a forgetting, or a round is to begin."""

(DUE,) = [query for query in QUERIES if query.name == "retention_due"]


@dataclass(slots=True)
class Round:
    """What was done: how many persons forgotten, how many `left` and why, and how many rows of
    each other kind deleted. With `more`, it ended before everything was looked at."""

    forgotten: int = 0
    left: Counter[str] = field(default_factory=Counter)
    pruned: Counter[str] = field(default_factory=Counter)
    more: bool = False

    def json(self) -> dict[str, Json]:
        left, pruned = dict(self.left), dict(self.pruned)
        return {"forgotten": self.forgotten, "left": left, "pruned": pruned, "more": self.more}


def one_round(
    oms: Oms,
    now: datetime,
    *,
    at_most: int = AT_MOST,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Round | None:
    """Do what is due by now; None where somebody else is at it. Somebody must be folding the read
    models meanwhile, or have done so."""
    stop = stop or threading.Event()
    with oms.chores.turn(JOB) as mine:
        if not mine:
            return None
        oms.vault.finish()
        done = Round()
        for items in due(oms, now):
            _forget(oms, items, done)
            progress(done.forgotten)
            if done.forgotten >= at_most or stop.is_set():
                done.more = True
                break
        _prune(oms, now, done, stop)
        return done


def due(oms: Oms, now: datetime) -> Iterator[list[Mapping[str, Json]]]:
    """Everybody whose period is over by then, some at a time, each part as of when it is wanted."""
    cursor: str | None = None
    while True:
        params = RetentionDue(at=now, cursor=cursor, limit=AT_ONCE)
        found = oms.ask(DUE, params, min_position=oms.readers.head(), wait_ms=10_000).body
        items = found["items"]
        assert isinstance(items, Sequence)
        yield [item for item in items if isinstance(item, Mapping)]
        if found["next_cursor"] is None:
            return
        cursor = str(found["next_cursor"])


def _forget(oms: Oms, items: Sequence[Mapping[str, Json]], done: Round) -> None:
    done.left.update(str(item["why"]) for item in items if not item["forget"])
    asked = [_command(item) for item in items if item["forget"]]
    for result in oms.execute_many(asked, actor=ACTOR):
        if isinstance(result, OmsError):  # a hold or a longer period has come in between
            done.left[result.code] += 1
        else:
            done.forgotten += 1


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


def _prune(oms: Oms, now: datetime, done: Round, stop: threading.Event) -> None:
    with oms.readers.as_of() as ledger:
        periods = ledger.fold(Retention, POLICY).periods
    for kind in KINDS.keys() - set(OF_PERSONS):
        keep = periods.get(kind)
        if keep is None:
            continue
        before = Period.of(keep).before(now)
        while (count := oms.chores.prune(kind, before)) > 0:
            done.pruned[kind] += count
            if done.pruned[kind] >= PRUNED_AT_MOST or stop.is_set():
                done.more = True
                break


def next_round(now: datetime, hour: int) -> datetime:
    """The next time that it is this hour (UTC)."""
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


class Keeper:
    """A worker's part in it: sees that what was decided is carried out, whoever died over it, and
    has a round made when the worker starts and every day at an hour. `clock` tells the time."""

    def __init__(
        self, oms: Oms, hour: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._oms = oms
        self._hour = hour
        self._clock = clock
        self._seen = 0
        self._next: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Until told to stop, whatever happens to the database meanwhile."""
        while not stop.is_set():
            try:
                self.step(stop)
            except Exception as error:
                log.warning("retention_interrupted", error=type(error).__name__)
            stop.wait(LOOK_SECONDS)

    def step(self, stop: threading.Event | None = None) -> Round | None:
        """Look once; the round, where one was made."""
        keys, self._seen = self._oms.vault.finish(self._seen)
        if keys:
            log.warning("forgetting_finished", keys=keys)
        now = self._clock()
        if self._next is not None and now < self._next:
            return None
        done = one_round(self._oms, now, stop=stop)
        if done is None or not done.more:
            self._next = next_round(now, self._hour)
        if done is not None:
            log.info("retention_round", **done.json())
        return done
