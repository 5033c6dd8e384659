"""A ledger in this process: the real writer on a log in memory."""

from __future__ import annotations

import itertools
from datetime import datetime
from hashlib import sha256
from types import TracebackType

import msgspec

from oms_ledger.domain.json_values import plain
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.memory import MemoryLog, MemoryStore
from oms_ledger.engine.log.store import EventRow
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission, Writer
from oms_ledger.kernel import Command, Context, Position, Recorded, Ref, S, stream_id
from oms_ledger.testing.history import START


class MemoryLedger:
    """A ledger whose log is lost when it is closed.

    Its clock has the time `now`, which tests set; the ids of what commands create are `command-1`,
    `command-2` and so on, so that tests can name them. Several ledgers may share a `log`, as
    processes share a database; then each needs a `name` of its own, the prefix of these ids.
    """

    def __init__(
        self, log: MemoryLog | None = None, *, name: str = "command", now: datetime = START
    ) -> None:
        self.now = now
        self.name = name
        self.log = log or MemoryLog()
        self._ids = itertools.count(1)
        self._decoded: dict[EventRow, Recorded] = {}
        self._writer = Writer(MemoryStore(self.log), clock=lambda: self.now)

    def execute(
        self,
        command: Command,
        *,
        actor: str = "tester",
        key: str | None = None,
        expected: tuple[Ref, int] | None = None,
    ) -> Outcome:
        """Decide a command; a refusal is raised. With an idempotency `key` it is applied once; with
        `expected` only if that stream is at that version."""
        idempotency = None
        if key is not None:
            idempotency = Idempotency(
                actor, key, sha256(msgspec.json.encode(plain(command), enc_hook=str)).digest()
            )
        return self._submit(Submission(command, self._context(actor), idempotency, expected))

    def dry_run(self, command: Command, *, actor: str = "tester") -> Outcome:
        """Decide a command without writing its events, which are in the answer."""
        return self._submit(Submission(command, self._context(actor), dry_run=True))

    def history(self, after: Position = 0) -> list[Recorded]:
        """The events of the log after a position, decoded from their stored form: each once, since
        stored events do not change."""
        with self.log.lock:
            rows = self.log.events[after:]
        return [self._recorded(row) for row in rows]

    def state(self, kind: type[S], key: str) -> S:
        """A stream's state, folded anew from the log."""
        with self.log.lock:
            rows = list(self.log.streams.get(stream_id(kind, key), ()))
        state = kind()
        for recorded in map(self._recorded, rows):
            state.apply(recorded.event)
            state.version = recorded.version
        return state

    def _recorded(self, row: EventRow) -> Recorded:
        decoded = self._decoded.get(row)
        if decoded is None:
            decoded = codec.recorded(row.position, row.stream, row.version, row.topic, row.state)
            self._decoded[row] = decoded
        return decoded

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> MemoryLedger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(self, submission: Submission) -> Outcome:
        return self._writer.submit(submission).result()

    def _context(self, actor: str) -> Context:
        n = next(self._ids)
        own = f"{self.name}-{n}"
        return Context(self.now, own, actor, own, own, f"token-{own}")
