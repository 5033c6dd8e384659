"""`POST /v1/commands:batch`: commands of any kinds in one request, decided in order, each on its
own merits and with the scope of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from oms_commands import COMMANDS
from oms_ledger.access.principals import Principal, authorise, authorise_within_channels
from oms_ledger.app import Oms
from oms_ledger.bus import AsyncCommandBus, Result
from oms_ledger.domain.errors import Forbidden, OmsError, Refused, invalid_field
from oms_ledger.engine.write.writer import Idempotency, Outcome
from oms_ledger.http.auth import principal_of
from oms_ledger.http.bodies import (
    body_held,
    refuse_large_command,
    unchecked_body_of,
)
from oms_ledger.http.commands import batch_parts
from oms_ledger.http.commands.batch_body import BatchBody, fields_of
from oms_ledger.http.commands.batch_parts import BatchAnswers, BatchRequest
from oms_ledger.http.commands.handler import CommandHandler
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.refusals import REFUSALS, RefusalLog
from oms_ledger.http.requests import checked_key, request_headers
from oms_ledger.http.routes import ANY_COMMANDS, ANY_COMMANDS_FIELD, ANY_COMMANDS_MAX
from oms_ledger.kernel import Command, Json
from oms_ledger.validation import parse_json


@dataclass(frozen=True, slots=True)
class Item:
    """A command of the batch, the handler of its kind, and the idempotency key that it has by
    itself."""

    command: Command
    handler: CommandHandler
    own: Idempotency | None


class AnyBatchHandler:
    """`handlers` are those of single commands, by the name of the command."""

    def __init__(
        self,
        oms: Oms,
        threads: Threads,
        bus: AsyncCommandBus,
        disclosure: Disclosure,
        handlers: Mapping[str, CommandHandler],
    ) -> None:
        self._bus = bus
        self._disclosure = disclosure
        self._answers = BatchAnswers(oms, threads, disclosure)
        self._handlers = handlers

    async def __call__(self, request: Request) -> Response:
        body = await unchecked_body_of(request, request_headers(request))
        held = body_held(request)
        fields = await held.work(len(body), partial(fields_of, body, ANY_COMMANDS_FIELD))
        checked = partial(BatchBody.of, body, fields, ANY_COMMANDS_FIELD, ANY_COMMANDS_MAX)
        batch_body = await held.work(len(body), checked)
        batch = BatchRequest.of(request, batch_body.without_refused)
        read = await held.work(
            len(body), partial(self._items, batch_body.items, principal_of(request))
        )
        results = await self._results(batch, read)
        batch_parts.refuse_if_none_was_decided(results)
        items = [
            await self._answer(request, batch, *each) for each in zip(read, results, strict=True)
        ]
        repeated = all(map(_repeats, read, results))
        return await self._answers.answer(request, batch, results, items, repeated=repeated)

    async def _results(self, batch: BatchRequest, read: Sequence[Item | OmsError]) -> list[Result]:
        items = [each for each in read if isinstance(each, Item)]
        submissions = []
        first = None  # with the key of the request
        for number, item in enumerate(items):
            if first is None and item.own is None and batch.key is not None:
                first = number
            ordinal = number - (first or 0)
            submissions.append(batch.submission(ordinal, item.command, item.own))
        decided = iter(await batch_parts.submit_in_order(self._bus, submissions, first))
        return [each if isinstance(each, OmsError) else next(decided) for each in read]

    def _items(
        self, texts: Sequence[bytes | OmsError], principal: Principal
    ) -> list[Item | OmsError]:
        """Each command, or why it is none or not for this caller."""
        read: list[Item | OmsError] = []
        for number, text in enumerate(texts):
            if isinstance(text, OmsError):
                read.append(text)
                continue
            try:
                read.append(self._item(text, principal))
            except OmsError as error:
                read.append(batch_parts.within(ANY_COMMANDS_FIELD, number, error))
        return read

    def _item(self, body: bytes, principal: Principal) -> Item:
        refuse_large_command(body)
        fields = parse_json(body)
        if not isinstance(fields, dict):
            raise invalid_field("", "Write a JSON object.")
        values = dict(fields)
        name, key = values.pop("name", None), values.pop("key", None)
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            raise invalid_field(
                "name",
                f"Name a command, such as {next(iter(COMMANDS))}; docs/catalogue.md lists them. A"
                " field of the command that is itself called name is written name_.",
            )
        kind = COMMANDS[str(name)]
        authorise(principal, kind.scope)
        authorise_within_channels(principal, kind.within_channels)
        own = None
        if key is not None:
            if not isinstance(key, str):
                raise invalid_field("key", "Write a text of 1 to 255 printable ASCII characters.")
            own = Idempotency(
                principal.idempotency_scope, checked_key(key, "key"), sha256(body).digest()
            )
        return Item(handler.read_fields(values), handler, own)

    async def _answer(
        self, request: Request, batch: BatchRequest, item: Item | OmsError, result: Result
    ) -> Json:
        if isinstance(item, Item) and isinstance(result, Outcome):
            status = 200 if batch.dry_run else item.handler.status(result)
            body: dict[str, Json] = {**result.answer, "position": result.position}
            return {"status": status, "answer": body}
        assert isinstance(result, BaseException)
        if isinstance(result, Forbidden):
            refusals: RefusalLog = request.scope[REFUSALS]
            refusals.add(request.scope, result, f"POST {ANY_COMMANDS}")
        if isinstance(item, Item) and isinstance(result, Refused):
            result = await self._disclosure.refusal(request, item.command, result)
        return batch_parts.problem_item(result)


def _repeats(item: Item | OmsError, result: Result) -> bool:
    if isinstance(item, Item) and isinstance(result, Outcome):
        return item.handler.repeats(result)
    return isinstance(result, OmsError) and result.replayed
