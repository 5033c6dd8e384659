"""A process that folds one part of the streams into rows, for another one that writes them.

It gets instructions through a pipe, and ends when the other end is closed. It reads the log and the
tables of the builds, and writes nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import TypeAlias

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import parked
from oms_ledger.engine.project.commit import FoldedWindow
from oms_ledger.engine.project.page_source import PageRange
from oms_ledger.engine.project.pages import LogPage, Poison, decode
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.rebuild.windows import BulkWindows
from oms_ledger.kernel import ReadModel

SQL = statements.queries(__package__)


@dataclass(frozen=True, slots=True)
class StreamsPart:
    """One of `count` parts of all streams, `index` from 0: those whose hash modulo `count` is
    `index`."""

    index: int
    count: int


@dataclass(frozen=True, slots=True)
class BuildKey:
    """A build by the name and shape of its read model, and its number."""

    name: str
    shape: int
    number: int

    @classmethod
    def of(cls, build: Build) -> BuildKey:
        return cls(build.model.name, build.model.version, build.number)


@dataclass(frozen=True, slots=True)
class FoldRange:
    """Fold the events of a range into the open window. Its `topics` are those of all builds that
    fold it."""

    build: BuildKey
    events: PageRange


@dataclass(frozen=True, slots=True)
class CloseWindow:
    """Answer with the packed window, and open another. The window before is committed, or is
    before the next `FoldRange` of this build."""

    build: BuildKey


@dataclass(frozen=True, slots=True)
class DiscardWindow:
    """Discard window and cache; no answer."""

    build: BuildKey


Instruction: TypeAlias = FoldRange | CloseWindow | DiscardWindow


@dataclass(frozen=True, slots=True)
class PartFailure:
    """The window could not be folded. `poison`: because of an event or a value."""

    error: str
    poison: bool


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to `CloseWindow`."""

    build: BuildKey
    window: FoldedWindow | PartFailure


class PartFolder:
    """Folds one part of the streams into builds of `models`. Builds at the same position share the
    reading and decoding of a page."""

    def __init__(
        self, connection: Connection, models: Sequence[ReadModel], part: StreamsPart
    ) -> None:
        self._connection = connection
        self._models: Mapping[tuple[str, int], ReadModel] = {
            (model.name, model.version): model for model in models
        }
        self._part = part
        self._windows: dict[BuildKey, BulkWindows] = {}
        self._parked: dict[BuildKey, frozenset[str]] = {}
        self._failures: dict[BuildKey, PartFailure] = {}
        self._page: tuple[PageRange, LogPage] | None = None

    def follow(self, instruction: Instruction) -> PartAnswer | None:
        """Follow an instruction; the answer to `CloseWindow`, else None. An error is kept, and
        answers the next `CloseWindow` of its build."""
        build = instruction.build
        try:
            match instruction:
                case FoldRange():
                    if build not in self._failures:
                        self._fold(instruction)
                case CloseWindow():
                    return PartAnswer(build, self._failures.get(build) or self._close(build))
                case DiscardWindow():
                    self._discard(build)
        except Exception as error:
            failure = PartFailure(f"{type(error).__name__}: {error}", isinstance(error, Poison))
            self._failures[build] = failure
            if isinstance(instruction, CloseWindow):
                return PartAnswer(build, failure)
        return None

    def _fold(self, wanted: FoldRange) -> None:
        windows = self._windows_of(wanted.build)
        if wanted.build not in self._parked:
            build = windows.folding.build
            self._parked[wanted.build] = parked.stream_ids(self._connection, build)
        windows.add(self._connection, self._read(wanted.events), self._parked[wanted.build])

    def _close(self, build: BuildKey) -> FoldedWindow:
        windows = self._windows_of(build)
        window = windows.folded(self._connection)
        windows.sent()
        return window

    def _discard(self, build: BuildKey) -> None:
        self._failures.pop(build, None)
        self._parked.pop(build, None)
        self._windows_of(build).discard()

    def _windows_of(self, key: BuildKey) -> BulkWindows:
        if key not in self._windows:
            build = Build(self._models[key.name, key.shape], key.number)
            self._windows[key] = BulkWindows(build, page_events=0)
        return self._windows[key]

    def _read(self, wanted: PageRange) -> LogPage:
        if self._page is None or self._page[0] != wanted:
            params = {
                "after": wanted.after,
                "until": wanted.until,
                "topics": list(wanted.topics),
                "parts": self._part.count,
                "part": self._part.index,
            }
            query = self._connection.execute(SQL["log_part"], params, prepare=True, binary=True)
            rows = query.fetchall()
            size = wanted.until - wanted.after
            page = LogPage(wanted.until, size, list(decode(rows)), [row[3] for row in rows])
            self._page = wanted, page
        return self._page[1]


@dataclass(frozen=True, slots=True)
class PartTask:
    """The first message to a process. `prepare` is called before it folds."""

    connect: Callable[[], Connection]
    models: Sequence[ReadModel]
    part: StreamsPart
    prepare: Callable[[], None]


def fold_part(pipe: Pipe) -> None:
    """The process: follow instructions until the other end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the other process ends this one
    with suppress(EOFError, ConnectionError):
        task: PartTask = pipe.recv()
        task.prepare()
        with closing(task.connect()) as connection:
            folder = PartFolder(connection, task.models, task.part)
            while True:
                answer = folder.follow(pipe.recv())
                if answer is not None:
                    pipe.send(answer)
