"""What batches have in common: keys and contexts of their commands, the items of their answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import Principal
from oms_ledger.app import Oms
from oms_ledger.bus import AsyncCommandBus, Result
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import (
    IdempotencyKeyReused,
    Invalid,
    OmsError,
    Unavailable,
    invalid_field,
)
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission
from oms_ledger.http import metrics
from oms_ledger.http.auth import principal_of
from oms_ledger.http.commands.handler import is_dry_run
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.errors import problem, problem_body, status_of
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import (
    correlation_id,
    expected_version,
    fingerprint,
    idempotency_key,
    request_headers,
)
from oms_ledger.kernel import Command, Json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What all commands of a batch share."""

    principal: Principal
    correlation_id: str
    key: str | None
    fingerprint: bytes
    dry_run: bool

    @staticmethod
    def of(request: Request, body: bytes) -> BatchRequest:
        headers, principal = request_headers(request), principal_of(request)
        if expected_version(headers) is not None:
            raise invalid_field("If-Match", "A batch has no version. Leave it out.")
        key = idempotency_key(headers)
        print_ = fingerprint(request, body) if key is not None else b""
        correlation = correlation_id(headers) or new_context(principal.actor).command_id
        return BatchRequest(principal, correlation, key, print_, is_dry_run(request))

    def submission(
        self, ordinal: int, command: Command, own: Idempotency | None = None
    ) -> Submission:
        """Of the command with this number; `own` is a key that it has by itself."""
        ctx = new_context(self.principal.actor, correlation_id=self.correlation_id)
        once = own or self._once(ordinal)
        channels = self.principal.channels
        return Submission(command, ctx, once, dry_run=self.dry_run, channels=channels)

    def _once(self, ordinal: int) -> Idempotency | None:
        """Each valid command has a key of its own, derived from the request's; the first has the
        request's itself, so that the same key is refused for a single command. Keys of clients
        contain no line breaks."""
        if self.key is None:
            return None
        key = f"{self.key}\n{ordinal}" if ordinal else self.key
        return Idempotency(self.principal.idempotency_scope, key, self.fingerprint)


AT_ONCE = 1000
PART = 100
"""A batch of more than `AT_ONCE` commands is submitted in parts, each when the one before it is
done: commands of others come between, instead of after all of it."""


async def submit_in_order(
    bus: AsyncCommandBus, submissions: Sequence[Submission], first: int | None
) -> Sequence[Result]:
    """Outcomes and refusals in order. `first` is the number of the first command with the request's
    idempotency key: it is decided before those after it are submitted, since its outcome shows
    whether the key belongs to another request."""
    if not submissions:
        return []
    if first is None:
        return await _submit(bus, submissions)
    begun = await bus.submit_many(submissions[: first + 1])
    outcome = begun[first]
    if isinstance(outcome, IdempotencyKeyReused | Unavailable):
        raise outcome
    rest = submissions[first + 1 :]
    return [*begun, *(await _submit(bus, rest) if rest else [])]


async def _submit(bus: AsyncCommandBus, submissions: Sequence[Submission]) -> Sequence[Result]:
    if len(submissions) <= AT_ONCE:
        return await bus.submit_many(submissions)
    results: list[Result] = []
    for start in range(0, len(submissions), PART):
        results += await bus.submit_many(submissions[start : start + PART])
    return results


def refuse_if_none_was_decided(results: Sequence[Result]) -> None:
    """Raises `Unavailable` where that is the result of all commands, as it is while the database
    is away."""
    first = results[0]
    if isinstance(first, Unavailable) and all(isinstance(r, Unavailable) for r in results):
        raise first


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """Answers the batches of one route."""

    oms: Oms
    threads: Threads
    disclosure: Disclosure

    async def answer(
        self,
        request: Request,
        batch: BatchRequest,
        results: Sequence[Result],
        items: Sequence[Json],
        *,
        repeated: bool,
    ) -> Response:
        """The answer with these items. Its position is the highest of the results, or the head
        where nothing was decided; `repeated`: all items repeat earlier answers."""
        position = max((r.position for r in results if isinstance(r, Outcome)), default=None)
        if position is None:
            position = await self.threads.run(self.oms.readers.head)
        headers = {"ledger-position": str(position), "x-correlation-id": batch.correlation_id}
        if repeated:
            headers["idempotent-replayed"] = "true"
        body = {"results": items, "position": position}
        return await self.disclosure.answer(request, body, 200, headers)


def problem_item(error: BaseException) -> Json:
    """The item of a command that was refused or failed."""
    if isinstance(error, OmsError):
        metrics.count_refusal(error.code)
        return {"status": status_of(error), "problem": problem(error)}
    log.error("batch_item_failed", error=repr(error))
    body = problem_body(500, "internal_error", "Something broke on our side; it is in the log.")
    return {"status": 500, "problem": body}


def within(many: str, number: int, error: OmsError) -> OmsError:
    """The same error, with its fields named as in the body of the batch."""
    if not isinstance(error, Invalid):
        return error
    named = [{**e, "field": f"{many}.{number}.{e['field']}".rstrip(".")} for e in error.errors]
    return Invalid(error.detail, code=error.code, errors=named)
