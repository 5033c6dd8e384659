"""Commands that follow from events and deadlines: their identity, their submission, and those that
were refused.

The writer keeps a receipt of each under (`source`, `key`), in the transaction of its events. So a
command that is submitted again, because a worker ended before it had noted that it was done, is
answered from its receipt and happens once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, Protocol

import structlog

from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.write.submissions import Idempotency, Outcome, Submission
from oms_ledger.kernel import Command, Context, Position

SQL = statements.queries(__package__)

log = structlog.get_logger(__name__)


def policy_source(name: str) -> str:
    """The source of the commands of a policy: their actor, and the scope of their receipts."""
    return f"policy:{name}"


@dataclass(frozen=True, slots=True)
class Consequence:
    """A command that follows from the event at `position` of `stream`.

    `source` is its actor and the scope of its receipt: `policy:<name>`, `deadline:<kind>`,
    `job:<effect>` or `inbox:<connection>`. `cause` is set where it follows from no event.
    `reference` identifies it among those of its source, and `command_id` follows from both.
    `attempt` counts from 1: after a refusal a person may have it submitted again.
    """

    source: str
    reference: str
    command: Command
    command_id: str
    position: Position
    stream: str
    correlation_id: str
    attempt: int = 1
    cause: str | None = None

    @property
    def key(self) -> str:
        """The key of its receipt."""
        return self.reference if self.attempt == 1 else f"{self.reference}#{self.attempt}"

    @property
    def fingerprint(self) -> bytes:
        """Of the key alone: the receipt counts, whatever the command would be by now."""
        return sha256(self.key.encode()).digest()

    @property
    def causation_id(self) -> str:
        return self.cause or f"event:{self.position}"


class PendingConsequence(Protocol):
    def result(self) -> Outcome:
        """Wait for the outcome. Raises the refusal."""


Submit = Callable[[Sequence[Consequence]], Sequence[PendingConsequence]]
"""Submits commands in order, each with its receipt."""


class NewContext(Protocol):
    """Makes the context of a command: see `contexts.new_context`."""

    def __call__(
        self, actor: str, /, *, command_id: str, correlation_id: str, causation_id: str
    ) -> Context: ...


def submission(consequence: Consequence, new_context: NewContext) -> Submission:
    context = new_context(
        consequence.source,
        command_id=consequence.command_id,
        correlation_id=consequence.correlation_id,
        causation_id=consequence.causation_id,
    )
    receipt = Idempotency(consequence.source, consequence.key, consequence.fingerprint)
    return Submission(consequence.command, context, receipt)


class Refusal(NamedTuple):
    """A consequence that was refused. `command` is None where the policy itself failed. `code` is
    that of the refusal, or the class of another error. `attempts`: how often it was submitted."""

    source: str
    reference: str
    position: Position
    stream: str
    command: str | None
    code: str
    attempts: int = 1
    refused_at: datetime | None = None


def settle(consequences: Sequence[Consequence], submit: Submit) -> list[Refusal]:
    """Submit commands and wait for all of them; the refusals. `Unavailable` where one of them could
    not be decided now: submit all of them again."""
    refusals: list[Refusal] = []
    unavailable: Unavailable | None = None
    for each, pending in zip(consequences, _submitted(consequences, submit), strict=True):
        try:
            pending.result()
        except Unavailable as error:
            unavailable = error
        except Exception as error:
            refusals.append(refusal_of(each, error))
    if unavailable is not None:
        raise unavailable
    return refusals


def _submitted(consequences: Sequence[Consequence], submit: Submit) -> Sequence[PendingConsequence]:
    """One by one where they cannot be submitted together, so that the others are."""
    try:
        return submit(consequences)
    except Unavailable:
        raise
    except Exception as error:
        if len(consequences) == 1:
            return [_Failed(error)]
        return [pending for each in consequences for pending in _submitted([each], submit)]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception

    def result(self) -> Outcome:
        raise self.error


def refusal_of(consequence: Consequence, error: Exception) -> Refusal:
    name = consequence.command.name
    return Refusal(
        consequence.source,
        consequence.reference,
        consequence.position,
        consequence.stream,
        name,
        code_of(error),
    )


def code_of(error: Exception) -> str:
    """What can be kept of an error: its text may hold personal data."""
    return error.code if isinstance(error, OmsError) else type(error).__name__


def record(connection: Connection, refusals: Iterable[Refusal]) -> None:
    """Keep refusals for a person to see; in the caller's transaction, if there is one."""
    for each in refusals:
        connection.execute(SQL["record_refusal"], each._asdict())
        log.warning(
            "consequence_refused",
            source=each.source,
            reference=each.reference,
            stream=each.stream,
            command=each.command,
            code=each.code,
        )


def refusals(connection: Connection) -> list[Refusal]:
    """All that are kept, the oldest first."""
    return [Refusal(*row) for row in connection.execute(SQL["list_refusals"]).fetchall()]


def refusal(connection: Connection, source: str, reference: str) -> Refusal | None:
    row = connection.execute(SQL["refusal"], (source, reference)).fetchone()
    return None if row is None else Refusal(*row)


def refused_again(connection: Connection, kept: Refusal, error: Exception) -> None:
    """Count one more attempt at a refusal, unless another process has done so."""
    params = {**kept._asdict(), "code": code_of(error)}
    connection.execute(SQL["refused_again"], params)


def delete_refusal(connection: Connection, source: str, reference: str) -> bool:
    """Whether it was there."""
    return connection.execute(SQL["delete_refusal"], (source, reference)).rowcount == 1


def refusal_counts(connection: Connection) -> Mapping[str, int]:
    """How many are kept, by source."""
    return dict(connection.execute(SQL["count_refusals"]).fetchall())
