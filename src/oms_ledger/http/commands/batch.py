"""Batches: several commands in one request, decided in order and independently of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import Principal
from oms_ledger.app import Oms
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import IdempotencyKeyReused, Invalid, OmsError, Unavailable
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission
from oms_ledger.http import metrics
from oms_ledger.http.auth import principal_of
from oms_ledger.http.bodies import body_held, body_of
from oms_ledger.http.commands.bus import CommandSubmitter
from oms_ledger.http.commands.handler import CommandHandler, is_dry_run
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
from oms_ledger.validation import invalid, malformed, parse_json

log = structlog.get_logger(__name__)

_whole = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode

Result = Outcome | BaseException


@dataclass(frozen=True, slots=True)
class _Batch:
    """What all commands of a batch share."""

    principal: Principal
    correlation_id: str
    key: str | None
    fingerprint: bytes
    dry_run: bool

    def submission(self, ordinal: int, command: Command) -> Submission:
        ctx = new_context(self.principal.actor, correlation_id=self.correlation_id)
        return Submission(command, ctx, self._once(ordinal), None, self.dry_run)

    def _once(self, ordinal: int) -> Idempotency | None:
        """Each valid command has a key of its own, derived from the request's; the first has the
        request's itself, so that the same key is refused for a single command. Keys of clients
        contain no line breaks."""
        if self.key is None:
            return None
        key = f"{self.key}\n{ordinal}" if ordinal else self.key
        return Idempotency(self.principal.idempotency_scope, key, self.fingerprint)


class BatchHandler:
    """A list of commands in the field that the route's `many` names. Where single commands have
    the same path, a body without that field is one of those."""

    def __init__(
        self,
        oms: Oms,
        threads: Threads,
        submitter: CommandSubmitter,
        disclosure: Disclosure,
        kind: type[Command],
        single: CommandHandler,
    ) -> None:
        route = kind.route
        assert route.many is not None
        self._oms = oms
        self._threads = threads
        self._submitter = submitter
        self._disclosure = disclosure
        self._many = route.many
        self._one = route.many.removesuffix("s")
        self._at_most = route.at_most
        self._shares_its_path = route.many_path is None
        self._single = single

    async def __call__(self, request: Request) -> Response:
        headers = request_headers(request)
        principal = principal_of(request)
        body = await body_of(request, headers)
        if self._shares_its_path and f'"{self._many}"'.encode() not in body:
            return await self._single.decide(request, headers, body)
        held = body_held(request)
        fields = await held.work(len(body), partial(_fields, body))
        if self._shares_its_path and self._many not in fields:
            return await self._single.decide(request, headers, body)
        bodies = self._bodies(fields)
        if expected_version(headers) is not None:
            raise invalid("If-Match", "A batch has no version. Leave it out.")
        key = idempotency_key(headers)
        print_ = fingerprint(request, body) if key is not None else b""
        correlation = correlation_id(headers) or new_context(principal.actor).command_id
        batch = _Batch(principal, correlation, key, print_, is_dry_run(request))
        read = await held.work(len(body), partial(self._read_all, bodies))
        return await self._decide(request, batch, read)

    async def _decide(
        self, request: Request, batch: _Batch, read: Sequence[Command | OmsError]
    ) -> Response:
        valid = [each for each in read if not isinstance(each, OmsError)]
        submissions = [batch.submission(n, command) for n, command in enumerate(valid)]
        decided = iter(await self._submit(submissions, alone=batch.key is not None))
        results = [each if isinstance(each, OmsError) else next(decided) for each in read]
        _refuse_if_none_was_decided(results)
        position = max((r.position for r in results if isinstance(r, Outcome)), default=None)
        if position is None:
            position = await self._threads.run(self._oms.readers.head)
        items = [self._item(result, batch.dry_run) for result in results]
        headers = {"ledger-position": str(position), "x-correlation-id": batch.correlation_id}
        if all(self._repeats(result) for result in results):
            headers["idempotent-replayed"] = "true"
        body = {"results": items, "position": position}
        return await self._disclosure.answer(request, body, 200, headers)

    async def _submit(self, submissions: Sequence[Submission], *, alone: bool) -> Sequence[Result]:
        """With an idempotency key (`alone`) the first command is decided before the others are
        submitted: its outcome shows whether the key belongs to another request."""
        if not submissions:
            return []
        submit = self._submitter.submit_many
        if not alone:
            return await submit(submissions)
        first = await submit(submissions[:1])
        if isinstance(first[0], IdempotencyKeyReused | Unavailable):
            raise first[0]
        rest = submissions[1:]
        return [*first, *(await submit(rest) if rest else [])]

    def _bodies(self, fields: dict[str, msgspec.Raw]) -> list[msgspec.Raw]:
        for name in fields:
            if name != self._many:
                raise invalid(name, f"Beside {self._many} there is nothing to say.")
        if self._many not in fields:
            raise invalid(self._many, "It is required. Add it.")
        try:
            bodies = _list(fields[self._many])
        except msgspec.ValidationError:
            raise invalid(self._many, "Write a list.") from None
        if not 1 <= len(bodies) <= self._at_most:
            raise invalid(self._many, f"It has {len(bodies)} items. Send 1 to {self._at_most}.")
        return bodies

    def _read_all(self, bodies: Sequence[msgspec.Raw]) -> Sequence[Command | OmsError]:
        """Each command, or why it is none."""
        return [self._read(number, body) for number, body in enumerate(bodies)]

    def _read(self, number: int, body: msgspec.Raw) -> Command | OmsError:
        try:
            return self._single.read(bytes(body), {})
        except OmsError as error:
            return _within(self._many, number, error)

    def _repeats(self, result: Result) -> bool:
        if isinstance(result, Outcome):
            return self._single.repeats(result)
        return isinstance(result, OmsError) and result.replayed

    def _item(self, result: Result, dry_run: bool) -> Json:
        if isinstance(result, Outcome):
            status = 200 if dry_run else self._single.status(result)
            body: dict[str, Json] = {**result.answer, "position": result.position}
            return {"status": status, self._one: body}
        return _problem_item(result)


def _refuse_if_none_was_decided(results: Sequence[Result]) -> None:
    """Raises `Unavailable` where that is the result of all commands, as it is while the database
    is away."""
    first = results[0]
    if isinstance(first, Unavailable) and all(isinstance(r, Unavailable) for r in results):
        raise first


def _problem_item(error: BaseException) -> Json:
    if isinstance(error, OmsError):
        metrics.count_refusal(error.code)
        return {"status": status_of(error), "problem": problem(error)}
    log.error("batch_item_failed", error=repr(error))
    body = problem_body(500, "internal_error", "Something broke on our side; it is in the log.")
    return {"status": 500, "problem": body}


def _fields(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        body.decode()  # the decoder does not check the text inside of items
        return _whole(body or b"{}")
    except msgspec.ValidationError:
        parse_json(body)
        raise invalid("", "Write a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(str(error)) from None


def _within(many: str, number: int, error: OmsError) -> OmsError:
    """The same error, with its fields named as in the body of the batch."""
    if not isinstance(error, Invalid):
        return error
    named = [{**e, "field": f"{many}.{number}.{e['field']}".rstrip(".")} for e in error.errors]
    return Invalid(error.detail, code=error.code, errors=named)
