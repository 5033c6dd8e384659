"""Commands over HTTP: one handler for each class in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import cast

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.state import Order
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission
from oms_ledger.http.auth import principal_of
from oms_ledger.http.commands.bus import Submitter
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.errors import from_validation, invalid
from oms_ledger.http.requests import (
    COMMAND_VALUES_MAX,
    Headers,
    body_of,
    correlation_id,
    expected_version,
    fingerprint,
    flag,
    headers_of,
    idempotency_key,
    parsed,
    path_fields,
    query_fields,
    refuse_too_many,
)
from oms_ledger.http.responses import etag
from oms_ledger.kernel import Command, Context, Json, Ref

Expected = tuple[Ref, int]


class CommandHandler:
    """Reads one command from a request, has it decided and tells the outcome.

    The body is validated once, from its bytes. Where part of the command is in the path, the
    body is read first and the path's fields are put in.
    """

    def __init__(self, submitter: Submitter, shown: Shown, kind: type[Command]) -> None:
        adapter: TypeAdapter[Command] = TypeAdapter(kind)
        self._submitter = submitter
        self._shown = shown
        self._status = kind.route.status
        self._in_path = "{" in kind.route.path
        self._about_an_order = "{order_id}" in kind.route.path
        self._named_outside = any(f.name == "external_id" for f in fields(kind))  # type: ignore[arg-type]  # commands are dataclasses
        self._from_json = adapter.validator.validate_json
        self._from_python = adapter.validate_python

    async def __call__(self, request: Request) -> Response:
        headers = headers_of(request)
        return await self.decide(request, headers, await body_of(request, headers))

    async def decide(self, request: Request, headers: Headers, body: bytes) -> Response:
        """Have the one command in a body decided."""
        who = principal_of(request)
        command = self.read(body, path_fields(request) if self._in_path else {})
        dry_run = is_dry_run(request)
        ctx = new_context(who.actor, correlation_id=correlation_id(headers))
        expected = self._expected(request, headers)
        key = idempotency_key(headers)
        once = Idempotency(who.id, key, fingerprint(request, body)) if key is not None else None
        submission = Submission(command, ctx, once, expected, dry_run)
        try:
            outcome = await self._submitter.submit(submission)
        except Refused as error:
            raise await self._shown.refusal(request, command, error) from None
        return await self._shown.answer(
            request,
            {**outcome.answer, "position": outcome.position},
            200 if dry_run else self.status(outcome),
            self._headers(ctx, outcome),
        )

    def read(self, body: bytes, path: Mapping[str, str]) -> Command:
        """The command in a body; `Malformed` or `Invalid` where there is none."""
        refuse_too_many(body, COMMAND_VALUES_MAX)
        try:
            if not path:
                return cast(Command, self._from_json(body or b"{}"))
            return self._from_python(_merged(parsed(body), path))
        except ValidationError as error:
            raise from_validation(error) from None

    def status(self, outcome: Outcome) -> int:
        """An order that was there before, by its external id, is not created by being sent again.
        A key sent again repeats the first answer, status and all."""
        return self._status if outcome.wrote or not self._named_outside else 200

    def repeats(self, outcome: Outcome) -> bool:
        """Whether this is an earlier answer again: under its key, or by an external id."""
        return outcome.replayed or (self._named_outside and not outcome.wrote)

    def _expected(self, request: Request, headers: Headers) -> Expected | None:
        version = expected_version(headers)
        if version is None:
            return None
        if not self._about_an_order:
            raise invalid("If-Match", "Only commands about one order know versions. Leave it out.")
        return (Order, path_fields(request)["order_id"]), version

    def _headers(self, ctx: Context, outcome: Outcome) -> dict[str, str]:
        headers = {
            "ledger-position": str(outcome.position),
            "x-correlation-id": ctx.correlation_id,
        }
        if self.repeats(outcome):
            headers["idempotent-replayed"] = "true"
        tag = etag(outcome.answer)
        if tag is not None:
            headers["etag"] = tag
        return headers


def is_dry_run(request: Request) -> bool:
    """Whether only to tell what would happen: all that the query string of a command may say."""
    if not request.scope["query_string"]:
        return False
    asked = query_fields(request, empty=True)  # nobody who writes dry_run= means to write
    dry_run = flag(asked, "dry_run")
    for name in asked:
        raise invalid(name, "Commands take dry_run=true and nothing else here. Use the body.")
    return dry_run


def _merged(body: object, path: Mapping[str, str]) -> Json:
    if not isinstance(body, dict):
        raise invalid("", "Write a JSON object.")
    for name in path:
        if name in body:
            raise invalid(name, "The path says it already. Leave it out of the body.")
    return {**body, **path}
