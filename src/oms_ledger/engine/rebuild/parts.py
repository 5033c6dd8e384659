"""Folds builds in several processes, each of which has a part of the streams.

A build can be split where its read model says that each of its rows follows from one stream
(`ReadModel.by_stream`). The processes fold and pack rows; this one writes them, one window of all
parts with its position in one transaction, as if it had folded them itself. So a build that is
interrupted, by the death of any process, is as whole as another one, and goes on from its position.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection as Pipe

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.commit import FoldedWindow
from oms_ledger.engine.project.page_source import PageRange
from oms_ledger.engine.project.pages import Entry, EventPage, Folding, Poison, RowBatch
from oms_ledger.engine.project.projector import FoldPath
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.project.windows import OVERLAP_EVENTS, Windows
from oms_ledger.engine.rebuild import part_main
from oms_ledger.engine.rebuild.builder import PAGE_EVENTS, bulk_path
from oms_ledger.engine.rebuild.part_process import (
    BuildKey,
    CloseWindow,
    DiscardWindow,
    FoldRange,
    Instruction,
    PartAnswer,
    PartFailure,
    PartTask,
    StreamsPart,
)
from oms_ledger.engine.rebuild.windows import BulkWindows
from oms_ledger.kernel import Position, ReadModel

SQL = statements.queries(__package__)

PART_WINDOW_EVENTS = 50_000
"""Events of one window of all parts. All processes have folded theirs before it is written."""

STOP_SECONDS = 10.0
"""How long a process may take to end before it is killed."""


class PartFailed(Unavailable):
    """A process that folds a part has ended or cannot go on."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"A process that folds a part of the streams {reason}. What was written is kept:"
            " run the command again to go on from there."
        )


class FoldRefused(Exception):
    """An event or a value that another process could not fold; the text names it."""


@dataclass(frozen=True, slots=True)
class PartProcess:
    process: subprocess.Popen[bytes]
    pipe: Pipe
    answers: dict[BuildKey, PartAnswer]

    def receive(self) -> None:
        answer: PartAnswer = self.pipe.recv()
        self.answers[answer.build] = answer


class PartPool:
    """One process for each of `jobs` parts. They are started when they are first needed, and again
    after `close`. `connect`, `models` and `prepare`, which each process calls first, are
    pickled."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        models: Sequence[ReadModel],
        jobs: int,
        prepare: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._models = [model for model in models if model.by_stream]
        self._jobs = jobs
        self._prepare = prepare
        self._parts: list[PartProcess] = []
        self._generation = 0

    @property
    def process_ids(self) -> list[int]:
        return [part.process.pid for part in self._parts]

    def start(self) -> int:
        """Start the processes unless they run; the generation that runs."""
        if not self._parts:
            for index in range(self._jobs):
                self._start(StreamsPart(index, self._jobs))
        return self._generation

    def require(self, generation: int | None) -> None:
        """`PartFailed` unless the processes of this generation run: others lack its windows."""
        if generation != self._generation or not self._parts:
            raise PartFailed("has ended")

    def send(self, instruction: Instruction) -> None:
        """Send an instruction to every process; each follows them in order."""
        for part in self._parts:
            with self._ending_on_failure(part):
                part.pipe.send(instruction)

    def answered(self, build: BuildKey, seconds: float) -> bool:
        """Whether all have answered the oldest `CloseWindow` of a build. Waits at most so long."""
        deadline = time.monotonic() + seconds
        for part in self._parts:
            while build not in part.answers:
                with self._ending_on_failure(part):
                    if not part.pipe.poll(max(0.0, deadline - time.monotonic())):
                        return False
                    part.receive()
        return True

    def collect(self, build: BuildKey) -> list[PartAnswer]:
        """The answers of all processes to the oldest `CloseWindow` of a build."""
        answers = []
        for part in self._parts:
            while build not in part.answers:
                with self._ending_on_failure(part):
                    part.receive()
            answers.append(part.answers.pop(build))
        return answers

    def close(self) -> None:
        """End the processes. They end as well where this process dies."""
        parts, self._parts = self._parts, []
        self._generation += 1
        for part in parts:
            part.pipe.close()
        for part in parts:
            try:
                part.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()

    def _start(self, part: StreamsPart) -> None:
        near, far = socket.socketpair()
        with far:
            descriptor = far.fileno()
            process = subprocess.Popen(  # noqa: S603  # our own module, no shell
                [sys.executable, "-m", part_main.__name__, str(descriptor)],
                stdin=subprocess.DEVNULL,
                pass_fds=[descriptor],
            )
        pipe = Pipe(near.detach())
        started = PartProcess(process, pipe, {})
        self._parts.append(started)
        with self._ending_on_failure(started):
            pipe.send(PartTask(self._connect, self._models, part, self._prepare))

    @contextmanager
    def _ending_on_failure(self, part: PartProcess) -> Generator[None]:
        """`PartFailed`, and the end of all processes, where this one has ended."""
        try:
            yield
        except (EOFError, OSError) as error:
            self.close()
            code = part.process.wait()
            raise PartFailed(f"has ended (exit code {code})") from error


class PartWindows:
    """The windows of one build, folded by the processes of a pool."""

    reads_in_flight = True
    folds_elsewhere = True

    def __init__(self, build: Build, pool: PartPool, page_events: int) -> None:
        self.folding = Folding(build)
        self._key = BuildKey.of(build)
        self._pool = pool
        self._page_events = page_events
        self._last: Position | None = None
        self._events = 0
        self._ended = False
        self._closing = False
        self._generation: int | None = None

    @property
    def last(self) -> Position | None:
        return self._last

    @property
    def full(self) -> bool:
        full = self._ended or self._events >= PART_WINDOW_EVENTS
        return self._last is not None and full

    def takes(self, page: EventPage) -> bool:
        return self._last is not None or page.size >= OVERLAP_EVENTS

    def add(self, connection: Connection, page: EventPage, parked: Collection[str]) -> None:
        """The processes know by themselves what is parked."""
        assert isinstance(page, UnreadPage), "other processes read it"
        if self._generation is None:
            self._generation = self._pool.start()
        self._pool.require(self._generation)
        self._pool.send(FoldRange(self._key, page.events))
        self._last = page.last
        self._events += page.size
        self._ended = page.size < self._page_events
        if self.full:
            self._close()

    def ready(self, seconds: float) -> bool:
        self._pool.require(self._generation)
        if not self._closing:
            self._close()
        return self._pool.answered(self._key, seconds)

    def folded(self, connection: Connection) -> FoldedWindow:
        assert self._last is not None, "a window is open"
        self._pool.require(self._generation)
        batches: list[RowBatch] = []
        left_out = Counter[str]()
        failure: PartFailure | None = None
        for answer in self._collect():
            if isinstance(answer.window, PartFailure):
                failure = failure or answer.window
            else:
                batches.extend(answer.window.batches)
                left_out += answer.window.left_out
        if failure is not None and failure.poison:
            raise Poison(None, FoldRefused(failure.error))
        if failure is not None:
            raise PartFailed(f"cannot go on: {failure.error}")
        return FoldedWindow(self._last, batches, left_out)

    def sent(self) -> None:
        self._last = None
        self._events = 0

    def discard(self) -> int:
        """The rows are in other processes."""
        with suppress(PartFailed):  # then they have nothing to discard
            self._pool.require(self._generation)
            if self._closing:
                self._collect()
            self._pool.send(DiscardWindow(self._key))
        self._generation = None
        self._closing = False
        self.sent()
        return 0

    def _close(self) -> None:
        self._closing = True
        self._pool.send(CloseWindow(self._key))

    def _collect(self) -> list[PartAnswer]:
        answers = self._pool.collect(self._key)
        self._closing = False
        return answers


class UnreadPage:
    """A page that is not read before its entries are needed."""

    def __init__(self, connection: Connection, events: PageRange) -> None:
        self.events = events
        self.last = events.until
        self.size = events.until - events.after
        self._connection = connection

    def with_topics(self, topics: Collection[str]) -> list[Entry]:
        after, until, _ = self.events
        page = pages.read_page(self._connection, after, until, sorted(topics))
        return [] if page is None else page.with_topics(topics)


class UnreadPages:
    """A `PageSource` for what other processes read. Ends them when it is closed."""

    def __init__(self, pool: PartPool) -> None:
        self._pool = pool

    def next_page(self, connection: Connection, wanted: PageRange) -> EventPage | None:
        row = connection.execute(SQL["head"]).fetchone()
        last = min(wanted.until, row[0] if row else 0)
        if last <= wanted.after:
            return None
        return UnreadPage(connection, wanted._replace(until=last))

    def close(self) -> None:
        self._pool.close()


def parts_path(pool: PartPool, page_events: int = PAGE_EVENTS) -> FoldPath:
    """As `bulk_path`, with the folding in the processes of a pool. Builds that cannot be split are
    folded in this process."""

    def windows(build: Build) -> Windows:
        if build.model.by_stream:
            return PartWindows(build, pool, page_events)
        return BulkWindows(build, page_events)

    return replace(
        bulk_path(page_events),
        windows=windows,
        source=lambda connect: UnreadPages(pool),
        fatal_errors=(PartFailed,),
    )
