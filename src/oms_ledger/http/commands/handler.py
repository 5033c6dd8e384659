"""Single commands: one handler for each command of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.bus import AsyncCommandBus
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import is_received
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission
from oms_ledger.http.auth import principal_of
from oms_ledger.http.bodies import body_held, command_body_of, refuse_large_command
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.requests import (
    Headers,
    correlation_id,
    expected_version,
    fingerprint,
    flag,
    idempotency_key,
    path_fields,
    query_fields,
    request_headers,
)
from oms_ledger.http.responses import etag
from oms_ledger.kernel import Command, Context, Json, Ref
from oms_ledger.validation import from_validation, parse_json

Expected = tuple[Ref, int]


class CommandHandler:
    """Reads a command from a request, submits it and answers with its outcome.

    The body is validated once, from its bytes. Where fields of the command are in the path, the
    body is parsed first and validated together with them.
    """

    def __init__(self, bus: AsyncCommandBus, disclosure: Disclosure, kind: type[Command]) -> None:
        adapter: TypeAdapter[Command] = TypeAdapter(kind)
        self._bus = bus
        self._disclosure = disclosure
        self._status = kind.route.status
        self._in_path = "{" in kind.route.path
        self._about_an_order = "{order_id}" in kind.route.path
        self._creates_once = kind.creates_once
        self._defers = kind.defers
        self._from_json = adapter.validator.validate_json
        self._from_python = adapter.validate_python

    async def __call__(self, request: Request) -> Response:
        headers = request_headers(request)
        return await self.decide(request, headers, await command_body_of(request, headers))

    async def decide(self, request: Request, headers: Headers, body: bytes) -> Response:
        """Submit the single command in a body."""
        principal = principal_of(request)
        read = partial(self.read, body, path_fields(request) if self._in_path else {})
        command = await body_held(request).work(len(body), read)
        dry_run = is_dry_run(request)
        ctx = new_context(principal.actor, correlation_id=correlation_id(headers))
        expected = self._expected(request, headers)
        key = idempotency_key(headers)
        once = (
            Idempotency(principal.idempotency_scope, key, fingerprint(request, body))
            if key is not None
            else None
        )
        channels = principal.channels
        submission = Submission(command, ctx, once, expected, dry_run, channels=channels)
        try:
            outcome = await self._bus.submit(submission)
        except Refused as error:
            raise await self._disclosure.refusal(request, command, error) from None
        return await self._disclosure.answer(
            request,
            {**outcome.answer, "position": outcome.position},
            200 if dry_run else self.status(outcome),
            self._headers(ctx, outcome, dry_run=dry_run),
        )

    def read(
        self, body: bytes, path: Mapping[str, str], shared: Mapping[str, Json] | None = None
    ) -> Command:
        """The command in a body; `Malformed` or `Invalid` where it is not one. Fields that it lacks
        may be `shared` with others."""
        refuse_large_command(body)
        try:
            if not path and not shared:
                return cast(Command, self._from_json(body or b"{}"))
            return self._from_python({**(shared or {}), **_merged(parse_json(body), path)})
        except ValidationError as error:
            raise from_validation(error) from None

    def read_fields(self, fields: Mapping[str, Json]) -> Command:
        """The command with these fields, those of its path among them."""
        try:
            return self._from_python(fields)
        except ValidationError as error:
            raise from_validation(error) from None

    def status(self, outcome: Outcome) -> int:
        """200 where what the command creates once was there already, 202 for an order that is
        placed later; else the route's status. A replayed idempotency key repeats the first
        status."""
        if self._creates_once and not outcome.began:
            return 200
        return 202 if self._defers and is_received(outcome.answer) else self._status

    def repeats(self, outcome: Outcome) -> bool:
        """Whether an idempotency key, or what is there already, has repeated an answer."""
        return outcome.replayed or (self._creates_once and not outcome.began)

    def _expected(self, request: Request, headers: Headers) -> Expected | None:
        version = expected_version(headers)
        if version is None:
            return None
        if not self._about_an_order:
            raise invalid_field(
                "If-Match", "Only commands about one order know versions. Leave it out."
            )
        return (Order, path_fields(request)["order_id"]), version

    def _headers(self, ctx: Context, outcome: Outcome, *, dry_run: bool) -> dict[str, str]:
        headers = {
            "ledger-position": str(outcome.position),
            "x-correlation-id": ctx.correlation_id,
        }
        if dry_run:  # nothing has this version, and nothing was repeated
            return headers
        if self.repeats(outcome):
            headers["idempotent-replayed"] = "true"
        tag = etag(outcome.answer)
        if tag is not None:
            headers["etag"] = tag
        return headers


def is_dry_run(request: Request) -> bool:
    """Takes `dry_run`, the only parameter of commands, from the query string."""
    if not request.scope["query_string"]:
        return False
    fields = query_fields(request, empty=True)  # `dry_run=` must not write
    dry_run = flag(fields, "dry_run")
    for name in fields:
        raise invalid_field(name, "Commands take dry_run=true and nothing else here. Use the body.")
    return dry_run


def _merged(body: object, path: Mapping[str, str]) -> dict[str, Json]:
    if not isinstance(body, dict):
        raise invalid_field("", "Write a JSON object.")
    for name in path:
        if name in body:
            raise invalid_field(name, "The path says it already. Leave it out of the body.")
    return {**body, **path}
