"""The loop of the effects: reads the log page by page, and makes the jobs that events request. The
cursor of an effect moves in the transaction that makes its jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.pages import Entry, LogPage, UndecodableEvent
from oms_ledger.engine.work import jobs
from oms_ledger.engine.work.consequences import Refusal, code_of
from oms_ledger.engine.work.cursor_runner import CursorRunner, log
from oms_ledger.engine.work.cursors import effect_cursor
from oms_ledger.engine.work.jobs import NewJob
from oms_ledger.engine.work.policies import LogAt
from oms_ledger.kernel import Effect, Log


class EffectRunner(CursorRunner):
    """Makes the jobs of effects whose cursors no other worker has leased. Tests override `_move` to
    stop it in the middle. Used by one thread; `close` releases the leases."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        effects: Sequence[Effect],
        log_at: LogAt,
        *,
        page_events: int = 2000,
        lease_seconds: float = 10.0,
    ) -> None:
        super().__init__(
            connect,
            {effect_cursor(effect.name): effect.event_types for effect in effects},
            page_events=page_events,
            lease_seconds=lease_seconds,
        )
        self._effects = {effect_cursor(effect.name): effect for effect in effects}
        self._log_at = log_at

    def _follow(
        self, connection: Connection, name: str, entries: Sequence[Entry], page: LogPage
    ) -> None:
        new: list[NewJob] = []
        failures: list[Refusal] = []
        for entry in entries:
            try:
                new += jobs_of(self._effects[name], entry, self._log_at(entry.position))
            except Unavailable:
                raise
            except Exception as error:
                log.exception("effect_failed", effect=name, position=entry.position)
                failures.append(
                    Refusal(
                        name,
                        str(entry.position),
                        entry.position,
                        entry.stream,
                        None,
                        code_of(error),
                    )
                )
        with connection.transaction():
            done = self._move(connection, name, self._held[name], page.last, failures)
            if done:
                jobs.enqueue(connection, new)
        self._moved(name, page.last, done=done)


def jobs_of(effect: Effect, entry: Entry, past: Log) -> list[NewJob]:
    """The job of an event; none where the effect names no connection. Raises what the effect
    raises, and the error of an event that cannot be decoded. `past` is the log up to the event."""
    if isinstance(entry, UndecodableEvent):
        raise entry.error
    connection = effect.connection(entry, past)
    if connection is None:
        return []
    job_id = f"{effect.name}-{entry.position}"
    return [
        NewJob(
            job_id,
            effect.name,
            connection,
            entry.position,
            entry.stream,
            entry.meta.correlation_id,
        )
    ]
