"""The worker: runs every job beside the API, each in a supervised loop and a thread of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import structlog

from oms_ledger import heap
from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.anchors.schedule import anchor_stores
from oms_ledger.engine.project.projector import BACK_OFF, Projector
from oms_ledger.engine.work import deadlines, job_runner, policies
from oms_ledger.engine.work.loops import BackOff, Loop, Step, WorkObserver
from oms_ledger.engine.work.state import WorkRecorder
from oms_ledger.integrations.catalogue import VENDOR_KINDS
from oms_ledger.integrations.ledger import PRUNE_SECONDS
from oms_ledger.integrations.performer import VendorKind
from oms_ledger.privacy.retention import ErasureSweep, RetentionScheduler
from oms_ledger.settings import Settings
from oms_ledger.worker.backorders import BackorderAllocation
from oms_ledger.worker.preorders import PreorderPromises
from oms_ledger.worker.stock_alerts import StockAlertChecks

log = structlog.get_logger(__name__)

BUILD_REST = 1.0
"""How long a build of a read model pauses after each page, as a multiple of the time that the page
took: live read models and the API share the machine."""

SEALING_SECONDS = 1.0
"""At most one checkpoint is signed in this time."""

ANCHORING_SECONDS = 60.0
"""How often the newest checkpoint is kept in the anchor stores."""

SWEEP_SECONDS = 60.0
"""How often erasures are finished whose process died."""

RETENTION_CHECK_SECONDS = 60.0
"""How often the worker checks whether retention is due."""

SWEEP_CHECK_SECONDS = 10.0
"""How often the worker checks whether a sweep is due."""

UNCONNECTED_SECONDS = 1.0
"""How often a worker checks whether the ledger has a connection by now."""

RECORD_SECONDS = 1.0
"""At most one report of a loop is written in this time."""

FREED_ROWS_MIN = 1000
"""Rows whose memory is worth a trim of the heap: a few megabytes."""

OWNER_CHECK_SECONDS = 60.0
"""How often a worker that may not make tables checks whether it may by now."""


class Job(NamedTuple):
    """What runs in one loop. The name is shown in `/readyz`, `/metrics` and `work list`."""

    name: str
    step: Step
    pace_seconds: float = 0.0
    back_off: BackOff = BackOff()

    def loop(self, observer: WorkObserver) -> Loop:
        return Loop(
            self.name,
            self.step,
            pace_seconds=self.pace_seconds,
            back_off=self.back_off,
            jitter=random.random,
            observer=observer,
        )


def work(
    settings: Settings,
    stop: threading.Event,
    kinds: Sequence[VendorKind[Any]] = VENDOR_KINDS,
) -> None:
    """Run the jobs of a prepared ledger until `stop` is set, whatever happens to the database
    meanwhile. Any number of workers may run: leases and locks let one of them do each job, and
    another takes over when that one dies. `kinds` are the vendors that are called."""
    with open_prepared(settings, kinds=kinds) as oms, ExitStack() as closing:
        jobs = [
            *_read_models(oms, closing),
            *_consequences(oms, closing),
            *_vendors(oms, closing),
            *_audit(oms),
            *_privacy(oms),
        ]
        recorder = oms.work.recorder([job.name for job in jobs])
        log.info("worker_started", ledger=settings.ledger)
        _run([job.loop(recorder) for job in jobs], recorder, stop)
        log.info("worker_stopped", ledger=settings.ledger)


def _read_models(oms: Oms, closing: ExitStack) -> Iterator[Job]:
    """Both give their leases back when the stack is closed."""
    projector = closing.enter_context(oms.projector())
    yield Job("projector", projector.attempt, back_off=BACK_OFF)
    builder = closing.enter_context(oms.rebuilds.builder(rest=BUILD_REST))
    yield Job("builder", OwnerBuilds(oms, builder).attempt, back_off=BACK_OFF)


def _consequences(oms: Oms, closing: ExitStack) -> Iterator[Job]:
    """What the ledger does by itself. Leases are given back when the stack is closed."""
    if oms.work.policies:
        runner = closing.enter_context(oms.work.policy_runner())
        yield Job("policies", runner.attempt, back_off=policies.BACK_OFF)
    yield Job("deadlines", oms.work.deadline_runner().attempt, back_off=deadlines.BACK_OFF)
    yield Job("backorders", BackorderAllocation(oms).attempt, back_off=deadlines.BACK_OFF)
    yield Job("preorders", PreorderPromises(oms).attempt, back_off=deadlines.BACK_OFF)
    yield Job("stock_alerts", StockAlertChecks(oms).attempt, back_off=deadlines.BACK_OFF)


def _vendors(oms: Oms, closing: ExitStack) -> Iterator[Job]:
    """What vendors are called for, and what they send. Jobs under way are waited for when the stack
    is closed."""
    connections = oms.connections
    effects = closing.enter_context(connections.effect_runner())
    follow = WhileConnected(oms, effects.attempt, effects.catch_up)
    yield Job("effects", follow.attempt, back_off=policies.BACK_OFF)
    runner = closing.enter_context(connections.job_runner())
    call = WhileConnected(oms, runner.attempt)
    yield Job("jobs", call.attempt, back_off=job_runner.BACK_OFF)
    translate = WhileConnected(oms, connections.translator().attempt)
    yield Job("inbox", translate.attempt, back_off=job_runner.BACK_OFF)
    yield Job("sweeps", connections.sweeper().attempt, SWEEP_CHECK_SECONDS)
    yield Job("pruner", connections.prune, PRUNE_SECONDS)


def _audit(oms: Oms) -> Iterator[Job]:
    yield Job("sealer", oms.audit.sealer().attempt, SEALING_SECONDS)
    if stores := anchor_stores(oms.settings.anchors):
        yield Job("anchors", oms.audit.anchor_schedule(stores).attempt, ANCHORING_SECONDS)


def _privacy(oms: Oms) -> Iterator[Job]:
    yield Job("erasures", ErasureSweep(oms.retention).attempt, SWEEP_SECONDS)
    retention = RetentionScheduler(
        oms.retention, oms.settings.retention_hour, check=lambda now: oms.require_agreed_time()
    )
    yield Job("retention", retention.attempt, RETENTION_CHECK_SECONDS)


def _run(loops: list[Loop], recorder: WorkRecorder, stop: threading.Event) -> None:
    """Run the loops until `stop` is set, and write their reports meanwhile and at the end."""
    threads = [threading.Thread(target=each.run, args=(stop,), name=each.name) for each in loops]
    for thread in threads:
        thread.start()
    writing = Loop("work", recorder.step, pace_seconds=RECORD_SECONDS)
    try:
        writing.run(stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if not writing.failures:
        with suppress(Exception):
            recorder.close()


class WhileConnected:
    """Runs the step of a loop while the ledger has a connection to a vendor. Without one it calls
    `idle` once a second, so that a ledger without vendors does without what they cost."""

    def __init__(self, oms: Oms, step: Step, idle: Callable[[], object] = lambda: None) -> None:
        self._directory = oms.connections.directory
        self._step = step
        self._idle = idle

    def attempt(self, stop: threading.Event) -> bool:
        if self._directory.all():
            return self._step(stop)
        self._idle()
        stop.wait(UNCONNECTED_SECONDS)
        return True


class OwnerBuilds:
    """Builds read models anew where this process has a login that may make tables. Without one it
    takes no lease, so that a process that has one can build. Memory that a build took goes back to
    the operating system when it has its indexes, or was dropped as those of `verify` are."""

    def __init__(self, oms: Oms, builder: Projector) -> None:
        self._oms = oms
        self._builder = builder
        self._allowed = False
        self._logged = False

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: fold one page of a build, or wait for one."""
        if not self._allowed:
            self._allowed = self._oms.may_make_tables()
        if self._allowed:
            attempted = self._builder.attempt(stop)
            if self._builder.take_freed_rows() >= FREED_ROWS_MIN:
                heap.give_back()
            return attempted
        if not self._logged:
            log.info("builds_left_to_the_owner", ledger=self._oms.settings.ledger)
            self._logged = True
        stop.wait(OWNER_CHECK_SECONDS)
        return False
