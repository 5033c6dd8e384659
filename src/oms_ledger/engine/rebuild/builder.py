"""Folds a read model anew from the first event on, into a build beside the live one.

The bulk path folds many pages (a window) into rows in memory and then writes the rows. PostgreSQL
writes one window while Python folds the next. Indexes are made last. Rows and position are one
transaction: after a crash another worker continues where the last window ended. A finished build
follows the log until it is swapped or dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeAlias

import structlog
from psycopg import errors

from oms_ledger.domain.errors import OmsError
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.build_run import BuildRun, OnPage
from oms_ledger.engine.project.commit import Fenced, commit_unpipelined
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.projector import PAUSE_SECONDS, FoldPath, Projector
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.rebuild.windows import BulkWindows
from oms_ledger.kernel import ReadModel

Owner: TypeAlias = Callable[[], AbstractContextManager[Connection]]

log = structlog.get_logger(__name__)

PAGE_EVENTS = 10_000


def bulk_path(page_events: int = PAGE_EVENTS) -> FoldPath:
    return FoldPath(
        state=builds.BUILDING,
        windows=partial(BulkWindows, page_events=page_events),
        commit=commit_unpipelined,  # a pipeline cannot have COPY in it
        fenced_errors=(Fenced, errors.UndefinedTable),
    )


def new_builder(
    connect: Callable[[], Connection],
    owner: Owner,
    models: Sequence[ReadModel],
    *,
    page_events: int = PAGE_EVENTS,
    lease_seconds: float = 10.0,
    rest: float = 0.0,
    jobs: int = 1,
    on_page: OnPage = lambda model, position: None,
    path: FoldPath | None = None,
) -> Projector:
    """A projector of builds that are building; several in one pass, where they are at one position.
    `owner` lends a connection of the owner, for tables and swaps. After each large page it pauses
    `rest` times as long as the page took. Of so many builds as there are `jobs` indexes are made at
    the same time."""
    return Projector(
        connect,
        models,
        page_events=page_events,
        lease_seconds=lease_seconds,
        on_page=on_page,
        path=path or bulk_path(page_events),
        lifecycle=BuildLifecycle(owner, models, rest, jobs),
    )


class BuildLifecycle:
    """Makes the tables of builds and, at the end of the log, their indexes; and replaces orphaned
    live builds by those that are indexed."""

    def __init__(self, owner: Owner, models: Sequence[ReadModel], rest: float, jobs: int) -> None:
        self._owner = owner
        self._jobs = jobs
        self._rest = rest
        self._shapes = {m.name: {o.version for o in models if o.name == m.name} for m in models}
        self._next_orphan_check = 0.0

    def begin(self, held: LeasedBuild) -> None:
        """Make the tables, where the build was requested without the rights of the owner."""
        with self._owner() as owner:
            builds.make_tables(owner, held.model, held.build.number)

    def rest(self, seconds: float) -> None:
        time.sleep(self._rest * seconds)

    def reached_end(self, runs: Sequence[BuildRun]) -> bool:
        now = time.monotonic()
        furthest = max((run.lease.position for run in runs), default=0)
        unindexed = [
            run for run in runs if not run.lease.indexed and run.lease.position == furthest
        ]
        if unindexed:
            with ThreadPoolExecutor(self._jobs, "indexes") as threads:
                list(threads.map(self._make_indexes, unindexed))
        if now >= self._next_orphan_check:
            self._next_orphan_check = now + PAUSE_SECONDS
            for run in runs:
                if run.lease.indexed:
                    self._replace_orphaned(run.lease)
        return bool(unindexed)

    def _make_indexes(self, run: BuildRun) -> None:
        """Indexes come when all of the log is folded: rows are written faster without."""
        run.discard()
        held = run.lease
        log.info("build_gets_indexes", read_model=str(held.build), position=held.position)
        with self._owner() as owner:
            done = builds.make_indexes(owner, held.model, held.build.number)
        if not done:
            run.paused_until = time.monotonic() + PAUSE_SECONDS

    def _replace_orphaned(self, held: LeasedBuild) -> None:
        """Swap the build in where no worker folds the live one any more: the program that did was
        replaced by this one."""
        name = held.model.name
        with self._owner() as owner:
            if not builds.is_orphaned(owner, name, self._shapes[name]):
                return
            try:
                builds.swap(owner, name, held.build.number, seconds=1.0)
            except OmsError as error:
                log.warning("not_swapped", read_model=str(held.build), error=error.detail)
            else:
                log.info("swapped", read_model=str(held.build))
