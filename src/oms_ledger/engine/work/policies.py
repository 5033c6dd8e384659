"""The loop of the policies: reads the log page by page, and submits the commands that follow.

Per policy: react to the events of a page, submit the commands and wait for all of them, then record
the refused ones and move the cursor in one transaction. Where the worker ends between any two of
these, the next one begins at the cursor again, and each command that was submitted before is
answered from its receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.pages import Entry, LogPage, UndecodableEvent
from oms_ledger.engine.work import consequences
from oms_ledger.engine.work.consequences import Consequence, Refusal, Submit, policy_source
from oms_ledger.engine.work.cursor_runner import CursorRunner, log
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.kernel import Log, Policy, Position, Recorded

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


class PolicyRunner(CursorRunner):
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
        super().__init__(
            connect,
            {policy.name: policy.event_types for policy in policies},
            page_events=page_events,
            lease_seconds=lease_seconds,
        )
        self._policies = {policy.name: policy for policy in policies}
        self._log_at = log_at
        self._submit = submit
        self._page_commands = page_commands

    def _follow(
        self, connection: Connection, name: str, entries: Sequence[Entry], page: LogPage
    ) -> None:
        """Submit what follows from the events of a page, and move the cursor."""
        policy = self._policies[name]
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
