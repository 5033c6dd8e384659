"""The loop of the policies: reads the log page by page, and submits the commands that follow.

Per policy: react to the events of a page, submit the commands and wait for all of them, then record
the refused ones and move the cursor in one transaction. Where the worker ends between any two of
these, the next one begins at the cursor again, and each command that was submitted before is
answered from its receipt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

import psycopg
import structlog

from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.pages import Entry, LogPage, UndecodableEvent
from oms_ledger.engine.work import consequences, cursors
from oms_ledger.engine.work.consequences import Consequence, Refusal, Submit, policy_source
from oms_ledger.engine.work.cursors import CursorLeases
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.engine.work.state import new_holder
from oms_ledger.kernel import Log, Policy, Position, Recorded

SQL = statements.queries(__package__)

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""How often to read the log without a NOTIFY, which may be lost."""

GATHER_SECONDS = 0.03
"""How long to wait after a NOTIFY, so that a page has the events of several commits: reading a page
and moving a cursor costs as much for one event as for a hundred."""

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=10.0)

LogAt = Callable[[Position], Log]
"""Opens the log up to a position."""


class Reaction:
    """What follows from the events of a page for one policy, up to position `last`: the commands,
    and the events on which the policy failed."""

    def __init__(self, last: Position) -> None:
        self.last = last
        self.commands: list[Consequence] = []
        self.failures: list[Refusal] = []


class PolicyRunner:
    """Runs the policies whose cursors no other worker has leased. Tests override the underscored
    steps to stop it in the middle.

    `connect` opens a connection that acts as the projector, in autocommit mode. A page has at most
    `page_events` events; after `page_commands` commands it ends early. Used by one thread; `close`
    releases the leases.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        policies: Sequence[Policy],
        log_at: LogAt,
        submit: Submit,
        *,
        page_events: int = 2000,
        page_commands: int = 500,
        lease_seconds: float = 10.0,
    ) -> None:
        self._connect = connect
        self._policies = {policy.name: policy for policy in policies}
        self._topics = {p.name: frozenset(pages.stored_names(p.event_types)) for p in policies}
        self._log_at = log_at
        self._submit = submit
        self._page_events = page_events
        self._page_commands = page_commands
        self._leases = CursorLeases(self._policies, new_holder(), lease_seconds)
        self._held: dict[str, Position] = {}
        self._renew_at = 0.0
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the leases, so that another worker need not wait until they expire."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._leases.release(self._connection)
        self._disconnect()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: react to one page, or wait for more events; False where other workers
        run all policies."""
        try:
            connection = self._open_connection()
            if not self._step(connection):
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    stop.wait(GATHER_SECONDS)
            return bool(self._held)
        except Exception:
            self._disconnect()
            raise

    def step(self) -> int:
        """React to one page, for the policies that are furthest behind; the number of events. 0
        where all is read, or other workers have the leases."""
        return self._step(self._open_connection())

    def _step(self, connection: Connection) -> int:
        self._renew_leases(connection)
        if not self._held:
            return 0
        after = min(self._held.values())
        names = [name for name, position in self._held.items() if position == after]
        others = [position for position in self._held.values() if position > after]
        until = min([after + self._page_events, *others])
        topics = sorted(frozenset().union(*(self._topics[name] for name in names)))
        page = pages.read_page(connection, after, until, topics)
        if page is None:
            return 0
        entries = {name: page.with_topics(self._topics[name]) for name in names}
        self._pass_over(connection, [n for n in names if not entries[n]], after, page.last)
        for name in names:
            if entries[name]:
                self._follow(connection, self._policies[name], entries[name], page)
        return page.size

    def _renew_leases(self, connection: Connection) -> None:
        """Well before they expire."""
        if time.monotonic() >= self._renew_at or not self._held:
            self._held = self._leases.acquire(connection)
            self._renew_at = time.monotonic() + self._leases.seconds / 3

    def _pass_over(
        self, connection: Connection, names: Sequence[str], after: Position, last: Position
    ) -> None:
        """Move the cursors of policies that read none of the events of a page."""
        if names:
            moved = cursors.move(connection, names, after, last)
            for name in names:
                self._moved(name, last, done=name in moved)

    def _follow(
        self, connection: Connection, policy: Policy, entries: Sequence[Entry], page: LogPage
    ) -> None:
        """Submit what follows from the events of a page, and move the cursor."""
        after = self._held[policy.name]
        reaction = self._react(policy, entries, page.last)
        refusals = [*reaction.failures, *self._settle(reaction.commands)]
        done = self._move(connection, policy.name, after, reaction.last, refusals)
        self._moved(policy.name, reaction.last, done=done)

    def _react(self, policy: Policy, entries: Sequence[Entry], last: Position) -> Reaction:
        reaction = Reaction(last)
        for entry in entries:
            if len(reaction.commands) >= self._page_commands:
                reaction.last = entry.position - 1
                break
            try:
                reaction.commands += reactions(policy, entry, self._log_at(entry.position))
            except Unavailable:
                raise
            except Exception as error:
                log.exception("policy_failed", policy=policy.name, position=entry.position)
                reaction.failures.append(_failure(policy, entry, error))
        return reaction

    def _settle(self, commands: Sequence[Consequence]) -> list[Refusal]:
        return consequences.settle(commands, self._submit) if commands else []

    def _move(
        self,
        connection: Connection,
        name: str,
        after: Position,
        last: Position,
        refusals: Sequence[Refusal],
    ) -> bool:
        """Move a cursor and record the refusals, both or neither; False where another worker has
        moved it, and has recorded them."""
        with connection.transaction():
            if not cursors.move(connection, [name], after, last):
                return False
            consequences.record(connection, refusals)
        return True

    def _moved(self, name: str, position: Position, *, done: bool) -> None:
        if done:
            self._held[name] = position
        else:
            log.info("policy_overtaken", policy=name, position=position)
            self._held.pop(name)
            self._renew_at = 0.0

    def _open_connection(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._disconnect()
            self._connection = self._connect()
            # A crash of the server may put a cursor back: what is submitted again has its receipts.
            self._connection.execute(SQL["commit_without_waiting"])
            # Before the log is first read: an event that comes in between ends the next wait.
            self._connection.execute(SQL["listen"].format(channel=NOTIFY_CHANNEL))
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def reactions(policy: Policy, entry: Entry, past: Log) -> list[Consequence]:
    """The commands that follow from one event. The id of each is derived from the policy, the event
    and its place among them. Raises what the policy raises, and the error of an event that cannot
    be decoded."""
    if isinstance(entry, UndecodableEvent):
        raise entry.error
    source = policy_source(policy.name)
    return [
        Consequence(
            source,
            f"{entry.position}/{n}",
            command,
            _command_id(policy, entry, n),
            entry.position,
            entry.stream,
            entry.meta.correlation_id,
        )
        for n, command in enumerate(policy.react(entry, past), 1)
    ]


def _command_id(policy: Policy, event: Recorded, n: int) -> str:
    """The id of the event's command is in it, so that it differs from ledger to ledger."""
    names = (policy_source(policy.name), event.meta.command_id, str(event.position), str(n))
    return derived_command_id(event.meta.recorded_at, *names)


def _failure(policy: Policy, entry: Entry, error: Exception) -> Refusal:
    """Kept under the number 0: the policy gave no commands."""
    reference = f"{entry.position}/0"
    code = consequences.code_of(error)
    return Refusal(policy_source(policy.name), reference, entry.position, entry.stream, None, code)
