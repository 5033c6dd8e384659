"""Metrics for Prometheus. With PROMETHEUS_MULTIPROC_DIR in the environment each process of a
server exposes the sums over all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from oms_ledger.engine.log.snapshots import SnapshotDecoder
from oms_ledger.engine.project.leases import BuildStatus
from oms_ledger.engine.work.cursors import CursorStatus
from oms_ledger.engine.work.state import WorkState
from oms_ledger.engine.write.writer import WriterLoad
from oms_ledger.integrations.ledger import ConnectionStatus

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Histogram(
    "oms_http_request_seconds",
    "Time from request to answer",
    ("method", "route", "status"),
    buckets=REQUEST_BUCKETS,
)
REFUSALS = Counter("oms_refusals", "Requests and items of batches told no, by code", ("code",))
STREAMS = Gauge("oms_streams_open", "Clients that follow a stream", multiprocess_mode="livesum")

QUEUED = Gauge("oms_writer_queued", "Commands waiting for the writer", multiprocess_mode="livesum")
EVENTS = Counter("oms_writer_events", "Events appended")
COMMANDS = Counter("oms_writer_commands", "Commands decided; by batches: how large these are")
BATCHES = Counter("oms_writer_batches", "Commits of the writer")
FAILURES = Counter("oms_writer_failures", "Batches that could not be written")
DAMAGED_SNAPSHOTS = Counter(
    "oms_snapshots_damaged", "Snapshots left alone, whose events were folded instead"
)

LAG: tuple[tuple[str, str, Callable[[BuildStatus], float]], ...] = (
    ("oms_read_model_position", "Last event folded", lambda s: s.position),
    ("oms_read_model_lag_events", "Events still to look at", lambda s: s.lag_events),
    ("oms_read_model_lag_seconds", "Age of the oldest event to look at", lambda s: s.lag_seconds),
    ("oms_read_model_parked_streams", "Streams left out", lambda s: s.parked),
)

_durations: dict[tuple[str, str, int], Histogram] = {}


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    key = (method, route, status)
    duration = _durations.get(key)
    if duration is None:
        duration = _durations[key] = REQUESTS.labels(method, route, str(status))
    duration.observe(seconds)


def count_refusal(code: str) -> None:
    REFUSALS.labels(code).inc()


class EngineCounters:
    """Copies the counters of the writer and of the decoder of snapshots to the metrics, so that
    they need not."""

    def __init__(self, writer: WriterLoad, snapshots: SnapshotDecoder) -> None:
        self._writer = writer
        self._snapshots = snapshots
        self._copied = (0, 0, 0, 0, 0)

    def update(self) -> None:
        counters, damaged = self._writer.counters, self._snapshots.damaged
        now = (counters.events, counters.commands, counters.batches, counters.failures, damaged)
        kept = (EVENTS, COMMANDS, BATCHES, FAILURES, DAMAGED_SNAPSHOTS)
        for counter, count, before in zip(kept, now, self._copied, strict=True):
            counter.inc(count - before)
        self._copied = now
        QUEUED.set(self._writer.queued)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The present state of read models, of the loops of workers, of policies and connections; and
    how many commands of policies and deadlines were refused and wait for a person, by source."""

    read_models: Sequence[BuildStatus] = ()
    work: Sequence[WorkState] = ()
    policies: Sequence[CursorStatus] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    connections: Sequence[ConnectionStatus] = ()


def exposition(state: LedgerState) -> bytes:
    """All metrics in the text format of Prometheus."""
    registry = REGISTRY
    if _multiprocess_dir() is not None:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    lag = CollectorRegistry()
    lag.register(_Lag(state.read_models))
    lag.register(_Work(state.work))
    lag.register(_Consequences(state))
    lag.register(_Connections(state.connections))
    return generate_latest(registry) + generate_latest(lag)


def process_ended() -> None:
    """Remove this process's gauges (queue, streams) from the totals of all processes."""
    if _multiprocess_dir() is not None:
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # the library has no types here


def _multiprocess_dir() -> str | None:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


class _Lag(Collector):
    """Lag of the read models. These are no gauges: those of several processes are kept in files
    and would be exposed twice."""

    def __init__(self, read_models: Sequence[BuildStatus]) -> None:
        self._read_models = read_models

    def collect(self) -> Iterable[Metric]:
        for name, about, value in LAG:
            family = GaugeMetricFamily(name, about, labels=("read_model", "version"))
            for status in self._read_models:
                family.add_metric((status.name, str(status.version)), value(status))
            yield family


class _Work(Collector):
    """The loops of all workers, from the table that they share."""

    def __init__(self, work: Sequence[WorkState]) -> None:
        self._work = work

    def collect(self) -> Iterable[Metric]:
        failures = GaugeMetricFamily(
            "oms_work_failures", "Failures in a row of a loop of the workers", labels=("work",)
        )
        success = GaugeMetricFamily(
            "oms_work_last_success_seconds", "Seconds since a loop last succeeded", labels=("work",)
        )
        for state in self._work:
            failures.add_metric((state.name,), state.failures)
            if state.last_success_seconds is not None:
                success.add_metric((state.name,), state.last_success_seconds)
        yield failures
        yield success


class _Consequences(Collector):
    """What the ledger does by itself: how far policies have got, and what was refused."""

    def __init__(self, state: LedgerState) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        position = GaugeMetricFamily(
            "oms_policy_position", "Last event that a policy has read", labels=("policy",)
        )
        lag = GaugeMetricFamily(
            "oms_policy_lag_events", "Events that a policy has still to read", labels=("policy",)
        )
        refused = GaugeMetricFamily(
            "oms_consequences_refused",
            "Commands of policies and deadlines that were refused and wait for a person",
            labels=("source",),
        )
        for policy in self._state.policies:
            position.add_metric((policy.name,), policy.position)
            lag.add_metric((policy.name,), policy.lag_events)
        none = {policy.source: 0 for policy in self._state.policies}
        for source, count in {**none, **self._state.refused}.items():
            refused.add_metric((source,), count)
        yield from (position, lag, refused)


class _Connections(Collector):
    """Connections to vendors: what waits, what a person must see, and whether they answer."""

    def __init__(self, connections: Sequence[ConnectionStatus]) -> None:
        self._connections = connections

    def collect(self) -> Iterable[Metric]:
        labels = ("connection",)
        backlog = GaugeMetricFamily(
            "oms_connection_backlog", "Jobs and messages that wait", labels=labels
        )
        oldest = GaugeMetricFamily(
            "oms_connection_oldest_job_seconds", "Age of the oldest job that waits", labels=labels
        )
        dead = GaugeMetricFamily(
            "oms_connection_dead", "Jobs and messages that wait for a person", labels=labels
        )
        failing = GaugeMetricFamily(
            "oms_connection_failing", "1 where the newest call has failed", labels=labels
        )
        for each in self._connections:
            name = (each.name,)
            backlog.add_metric(name, each.backlog)
            oldest.add_metric(name, each.oldest_seconds)
            dead.add_metric(name, each.dead)
            failing.add_metric(name, int(each.is_failing))
        yield from (backlog, oldest, dead, failing)
