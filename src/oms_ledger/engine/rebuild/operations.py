"""The operations on builds: request, complete, compare, swap, swap back, replace, drop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext

from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild import builds, compare
from oms_ledger.engine.rebuild.builder import new_builder
from oms_ledger.engine.rebuild.builds import BUILDING, LIVE, RETIRED, BuildRecord
from oms_ledger.engine.rebuild.compare import Comparison
from oms_ledger.engine.rebuild.parts import PartPool, parts_path
from oms_ledger.kernel import ReadModel

Progress = Callable[[Sequence[BuildRecord]], None]

LEAVE_TO_WORKERS_SECONDS = 4.0
"""How long a build may wait for a worker before it is folded here; workers poll every second."""

POLL_SECONDS = 0.2


def nothing_to_prepare() -> None:
    """Processes fold as they start."""


class Rebuilds:
    """The builds of one ledger's read models. `connect` opens a connection of the projector,
    `owner` lends one of the owner, who may create tables. `connect`, `models` and `prepare`, which
    a process calls before it folds, are pickled where a build has several processes."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        owner: Callable[[], AbstractContextManager[Connection]],
        models: Sequence[ReadModel],
        prepare: Callable[[], None] = nothing_to_prepare,
    ) -> None:
        self._connect = connect
        self._prepare = prepare
        self._owner = owner
        self._models = models

    def request(self, names: Sequence[str]) -> list[BuildRecord]:
        """Request a build of each of these read models; workers fold them in one pass. `complete`
        waits for that, or folds them itself where no worker does."""
        models = [self._model(name) for name in names]
        with closing(self._connect()) as connection:
            return [builds.request_build(connection, model) for model in models]

    def builder(self, *, rest: float = 0.0, jobs: int = 1) -> Projector:
        """A builder of all read models; the caller runs and closes it. `rest` is its pause after
        each page, as a multiple of the time that the page took. With more than one of `jobs`, so
        many further processes fold."""
        path = None
        if jobs > 1:
            path = parts_path(PartPool(self._connect, self._models, jobs, self._prepare))
        return new_builder(
            self._connect, self._owner, self._models, rest=rest, jobs=jobs, path=path
        )

    def complete(
        self,
        requested: Sequence[BuildRecord],
        progress: Progress = lambda _: None,
        jobs: int = 1,
    ) -> None:
        """Wait until these builds are indexed and not behind the live ones. They are folded here
        where no worker has them leased for a while; with several `jobs`, where none has them now.
        """
        with closing(self._connect()) as connection, closing(self.builder(jobs=jobs)) as builder:
            last_leased, fold_here = time.monotonic(), jobs > 1
            while True:
                now = [builds.find_build(connection, *build.key) for build in requested]
                progress(now)
                if all(_caught_up(connection, build) for build in now):
                    return
                if all(build.leased for build in now):
                    last_leased = time.monotonic()
                unattended = time.monotonic() - last_leased
                fold_here = fold_here or unattended > LEAVE_TO_WORKERS_SECONDS
                if not fold_here or not builder.advance():
                    time.sleep(POLL_SECONDS)

    @contextmanager
    def comparison(
        self, name: str, number: int | None = None, ignoring: Collection[str] = ()
    ) -> Generator[Comparison]:
        """The live build (`one`) compared with build `number`, or with the newest that is
        building."""
        with closing(self._connect()) as connection:
            live = self._newest(connection, name, LIVE)
            other = self._numbered(connection, name, number, BUILDING)
        models = self._models
        with compare.comparison(self._connect, models, live, other, ignoring=ignoring) as compared:
            yield compared

    def swap(self, name: str, number: int | None = None) -> BuildRecord:
        """Make build `number`, or the newest that is building, the live one; that build."""
        with self._owner() as owner:
            build = self._numbered(owner, name, number, BUILDING)
            with nullcontext() if build.leased else self._building_in_background():
                builds.swap(owner, name, build.number)
        return build

    @contextmanager
    def _building_in_background(self) -> Generator[None]:
        """Fold builds in a thread during the block, so that one without a worker does not fall
        behind."""
        stop = threading.Event()
        thread = threading.Thread(target=self.builder().run, args=(stop,), name="builder")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def swap_back(self, name: str, progress: Progress = lambda _: None) -> BuildRecord:
        """Bring the build that was live before up to date and make it the live one again."""
        with self._owner() as owner:
            build = self._numbered(owner, name, None, RETIRED)
            model = self._model(name)
            if build.shape != model.version:
                raise Refused(
                    f"{build} holds rows of shape {build.shape}, and this program folds shape"
                    f" {model.version}. Swap back with the program that made it.",
                    code="illegal_transition",
                )
            builds.resume(owner, name, build.number)
        self.complete([build], progress)
        return self.swap(name, build.number)

    def replace(
        self, names: Sequence[str], progress: Progress = lambda _: None
    ) -> list[BuildRecord]:
        """Fold these read models anew and swap, without a comparison."""
        requested = self.request(names)
        self.complete(requested, progress)
        return [self.swap(build.name, build.number) for build in requested]

    def replace_orphaned(self) -> None:
        """Replace live builds of another program's shape that no worker folds any more."""
        with closing(self._connect()) as connection:
            names = [
                model.name
                for model in self._models
                if builds.is_orphaned(connection, model.name, [model.version])
            ]
        if names:
            self.replace(names)

    def drop(self, name: str, number: int) -> None:
        """Drop a build that is not live, and its tables."""
        self._model(name)
        with self._owner() as owner:
            builds.drop(owner, name, number)

    def _model(self, name: str) -> ReadModel:
        """The model of this name with the newest shape; `NotFound` without one."""
        named = [model for model in self._models if model.name == name]
        if not named:
            names = ", ".join(sorted({model.name for model in self._models}))
            raise NotFound(f"There is no read model {name!r}. There are: {names}.")
        return max(named, key=lambda model: model.version)

    def _numbered(
        self, connection: Connection, name: str, number: int | None, state: str
    ) -> BuildRecord:
        self._model(name)
        if number is not None:
            return builds.find_build(connection, name, number)
        return self._newest(connection, name, state)

    def _newest(self, connection: Connection, name: str, state: str) -> BuildRecord:
        """The build that came into this state last; `NotFound` without one."""
        there = [build for build in builds.list_builds(connection, name) if build.state == state]
        if not there:
            raise NotFound(f"{name} has no build that is {state}. {_REMEDIES[state]}")
        return max(there, key=lambda build: (build.since, build.number))


_REMEDIES = {
    BUILDING: "Ask for one: `oms-ledger projections rebuild`.",
    LIVE: "Start a worker, or run `oms-ledger migrate`.",
    RETIRED: "No build was live before.",
}


def _caught_up(connection: Connection, build: BuildRecord) -> bool:
    """Whether it is indexed and not behind the live build."""
    if not build.indexed:
        return False
    live = [b.position for b in builds.list_builds(connection, build.name) if b.state == LIVE]
    return not live or build.position >= live[0]
