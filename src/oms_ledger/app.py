"""The composition root: the only file that knows everybody.

The doors (HTTP, CLI, worker, importers, demo) get an `Oms` from here and see nothing of what is
behind it.
"""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import psycopg
import uuid_utils
from oms_projections import PROJECTIONS

from oms_ledger.domain.errors import OmsError
from oms_ledger.engine import embedded, migrations, pool, read_models
from oms_ledger.engine.log import PostgresStore
from oms_ledger.engine.projector import Projector
from oms_ledger.engine.reader import Readers
from oms_ledger.engine.submissions import Waiting
from oms_ledger.engine.writer import Idempotency, Limits, Outcome, Submission, Writer
from oms_ledger.kernel import Command, Context, Json, Position, Query
from oms_ledger.settings import Settings


def tune_interpreter() -> None:
    """For processes that serve. Python's cyclic collector, left as it is, takes half the time
    of deciding: it walks every cached state again and again, and none of them is a cycle. And
    the writer's thread should not wait 5 ms for its turn after each answer of the database."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    sys.setswitchinterval(0.0005)


def new_context(
    actor: str, *, correlation_id: str | None = None, causation_id: str | None = None
) -> Context:
    """Time, identity and chance for one command; the only place where they are made."""
    command_id = str(uuid_utils.uuid7())
    return Context(
        datetime.now(UTC),
        command_id,
        actor,
        correlation_id or command_id,
        causation_id or command_id,
        secrets.token_urlsafe(16),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's body, and the position of the read model it was answered from."""

    body: Mapping[str, Json]
    position: Position


class Oms:
    """An open ledger: commands in, answers out."""

    def __init__(
        self, settings: Settings, url: str, writer: Writer, readers: Readers
    ) -> None:
        self.settings = settings
        self.url = url
        self.writer = writer
        self.readers = readers

    def context(
        self, actor: str, *, correlation_id: str | None = None, causation_id: str | None = None
    ) -> Context:
        return new_context(actor, correlation_id=correlation_id, causation_id=causation_id)

    def execute(self, command: Command, *, actor: str, key: str | None = None) -> Outcome:
        """Decide one command and wait for its outcome; a refusal is raised. With a `key` it
        happens once, however often it is sent."""
        result = self.execute_many([command], actor=actor, keys=[key])[0]
        if isinstance(result, OmsError):
            raise result
        return result

    def execute_many(
        self,
        commands: Sequence[Command],
        *,
        actor: str,
        keys: Sequence[str | None] | None = None,
    ) -> list[Outcome | OmsError]:
        """Decide commands in order, each on its own merits; refusals are returned in place.
        Anything but a refusal is raised."""
        futures = self.writer.submit_many(
            Submission(command, new_context(actor), _idempotency(actor, key, command))
            for command, key in zip(commands, keys or [None] * len(commands), strict=True)
        )
        results: list[Outcome | OmsError] = []
        for future in futures:
            error = future.exception()
            if error is None:
                results.append(future.result())
            elif isinstance(error, OmsError):
                results.append(error)
            else:
                raise error
        return results

    def ask(
        self,
        query: Query,
        params: object,
        *,
        min_position: Position | None = None,
        wait_ms: int = 2000,
    ) -> Answer:
        """Answer a query, once its read model has reached `min_position`."""
        body, position = self.readers.ask(query, params, min_position, wait_ms / 1000)
        return Answer(body, position)

    def run_projectors_until(
        self,
        position: Position | None = None,
        progress: Callable[[Position], None] = lambda _: None,
    ) -> None:
        """Bring the read models up to a position (the head as it is now) in this process."""
        target = self.readers.head() if position is None else position
        projector = Projector(self._connect, PROJECTIONS)
        while (reached := projector.lowest_position()) < target:
            progress(reached)
            projector.step()
        progress(target)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return pool.connect(self.url, self.settings.schema)
