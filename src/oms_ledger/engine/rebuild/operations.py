"""What an operator does with builds: ask for one, see it through, compare, swap, drop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext

from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.rebuild import builds, compare
from oms_ledger.engine.rebuild.builder import Builder
from oms_ledger.engine.rebuild.builds import BUILDING, LIVE, RETIRED, Known
from oms_ledger.engine.rebuild.compare import Comparison
from oms_ledger.kernel import ReadModel

Progress = Callable[[Sequence[Known]], None]

LEAVE_TO_WORKERS_SECONDS = 4.0
"""How long a build may wait for a worker before it is folded here: workers look every second or
so whether there is something new."""

LOOK_SECONDS = 0.2


class Rebuilds:
    """The builds of one ledger's read models. `connect` opens a projector's connection, `owner`
    lends one that may create tables."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        owner: Callable[[], AbstractContextManager[Connection]],
        models: Sequence[ReadModel],
    ) -> None:
        self._connect = connect
        self._owner = owner
        self._models = models

    def ask(self, names: Sequence[str]) -> list[Known]:
        """Have these read models built anew beside the live ones, in one pass. Workers do it;
        `see_through` waits for it, or does it where there are none."""
        models = [self._model(name) for name in names]
        with closing(self._connect()) as connection:
            return [builds.begin(connection, model) for model in models]

    def builder(self, *, rest: float = 0.0) -> Builder:
        """The caller runs and closes it."""
        return Builder(self._connect, self._owner, self._models, rest=rest)

    def see_through(self, wanted: Sequence[Known], progress: Progress = lambda _: None) -> None:
        """Return when these builds are whole and not behind the live ones. What nobody folds for a
        while is folded here."""
        with closing(self._connect()) as connection, closing(self.builder()) as builder:
            attended, ours = time.monotonic(), False
            while True:
                now = [builds.find(connection, *build.key) for build in wanted]
                progress(now)
                if all(_caught_up(connection, build) for build in now):
                    return
                if all(build.followed for build in now):
                    attended = time.monotonic()
                ours = ours or time.monotonic() - attended > LEAVE_TO_WORKERS_SECONDS
                if not ours or not builder.advance():
                    time.sleep(LOOK_SECONDS)

    @contextmanager
    def comparing(
        self, name: str, number: int | None = None, ignoring: Collection[str] = ()
    ) -> Generator[Comparison]:
        """The live build (`one`) beside another: the newest that is being built, or `number`."""
        with closing(self._connect()) as connection:
            live = self._only(connection, name, LIVE)
            other = self._chosen(connection, name, number, BUILDING)
        models = self._models
        with compare.comparing(self._connect, models, live, other, ignoring=ignoring) as found:
            yield found

    def swap(self, name: str, number: int | None = None) -> Known:
        """Put the newest build (or `number`) in the live one's place; the build."""
        with self._owner() as owner:
            build = self._chosen(owner, name, number, BUILDING)
            with nullcontext() if build.followed else self._following():
                builds.swap(owner, name, build.number)
        return build

    @contextmanager
    def _following(self) -> Generator[None]:
        """Meanwhile a build that nobody follows does not fall behind."""
        stop = threading.Event()
        thread = threading.Thread(target=self.builder().run, args=(stop,), name="builder")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def swap_back(self, name: str, progress: Progress = lambda _: None) -> Known:
        """Put the build in place that was live before, once it has been brought up to date."""
        with self._owner() as owner:
            build = self._chosen(owner, name, None, RETIRED)
            model = self._model(name)
            if build.shape != model.version:
                raise Refused(
                    f"{build} holds rows of shape {build.shape}, and this program folds shape"
                    f" {model.version}. Swap back with the program that made it.",
                    code="illegal_transition",
                )
            builds.revive(owner, name, build.number)
        self.see_through([build], progress)
        return self.swap(name, build.number)

    def replace(self, names: Sequence[str], progress: Progress = lambda _: None) -> list[Known]:
        """Repair: fold anew and swap, whatever the difference."""
        asked = self.ask(names)
        self.see_through(asked, progress)
        return [self.swap(build.name, build.number) for build in asked]

    def take_over(self) -> None:
        """Where the live build holds rows of another program's shape, which nobody folds any more,
        put one of ours in its place."""
        with closing(self._connect()) as connection:
            names = [
                model.name
                for model in self._models
                if builds.left_alone(connection, model.name, [model.version])
            ]
        if names:
            self.replace(names)

    def drop(self, name: str, number: int) -> None:
        """Drop a build that is not live, and its tables."""
        self._model(name)
        with self._owner() as owner:
            builds.drop(owner, name, number)

    def _model(self, name: str) -> ReadModel:
        """The newest shape of it that is known here."""
        named = [model for model in self._models if model.name == name]
        if not named:
            known = ", ".join(sorted({model.name for model in self._models}))
            raise NotFound(f"There is no read model {name!r}. There are: {known}.")
        return max(named, key=lambda model: model.version)

    def _chosen(self, connection: Connection, name: str, number: int | None, state: str) -> Known:
        self._model(name)
        if number is not None:
            return builds.find(connection, name, number)
        return self._only(connection, name, state)

    def _only(self, connection: Connection, name: str, state: str) -> Known:
        """The build in a state; where there are several, the one that came into it last."""
        found = [build for build in builds.known(connection, name) if build.state == state]
        if not found:
            raise NotFound(f"{name} has no build that is {state}. {_REMEDIES[state]}")
        return max(found, key=lambda build: (build.since, build.number))


_REMEDIES = {
    BUILDING: "Ask for one: `oms-ledger projections rebuild`.",
    LIVE: "Start a worker, or run `oms-ledger migrate`.",
    RETIRED: "There is nothing to go back to.",
}


def _caught_up(connection: Connection, build: Known) -> bool:
    """Whole, and not behind the live one."""
    if not build.indexed:
        return False
    live = [b.position for b in builds.known(connection, build.name) if b.state == LIVE]
    return not live or build.position >= live[0]
