"""Batches: several commands of one kind in one request, decided in order and independently of each
other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.bus import AsyncCommandBus, Result
from oms_ledger.domain.errors import OmsError
from oms_ledger.engine.write.writer import Outcome
from oms_ledger.http.bodies import (
    body_held,
    check_body,
    refuse_large_command,
    unchecked_body_of,
)
from oms_ledger.http.commands import batch_parts
from oms_ledger.http.commands.batch_body import BatchBody, fields_of
from oms_ledger.http.commands.batch_parts import BatchAnswers, BatchRequest
from oms_ledger.http.commands.handler import CommandHandler
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import request_headers
from oms_ledger.kernel import Command, Json


class BatchHandler:
    """A list of commands in the field that the route's `many` names. Where single commands have
    the same path, a body without that field is one of those."""

    def __init__(
        self,
        oms: Oms,
        threads: Threads,
        bus: AsyncCommandBus,
        disclosure: Disclosure,
        kind: type[Command],
        single: CommandHandler,
    ) -> None:
        route = kind.route
        assert route.many is not None
        self._bus = bus
        self._answers = BatchAnswers(oms, threads, disclosure)
        self._many = route.many
        self._one = route.many.removesuffix("s")
        self._at_most = route.at_most
        self._shared = route.shared
        self._shares_its_path = route.many_path is None
        self._single = single

    async def __call__(self, request: Request) -> Response:
        headers = request_headers(request)
        body = await unchecked_body_of(request, headers)
        held = body_held(request)
        fields: Mapping[str, msgspec.Raw] = {}
        if not self._shares_its_path or f'"{self._many}"'.encode() in body:
            fields = await held.work(len(body), partial(fields_of, body, self._many, self._shared))
        if self._shares_its_path and self._many not in fields:
            refuse_large_command(body)
            await held.work(len(body), partial(check_body, body))
            return await self._single.decide(request, headers, body)
        checked = partial(BatchBody.of, body, fields, self._many, self._at_most, self._shared)
        batch_body = await held.work(len(body), checked)
        batch = BatchRequest.of(request, batch_body.without_refused)
        read = await held.work(len(body), partial(self._read_all, batch_body))
        return await self._decide(request, batch, read)

    async def _decide(
        self, request: Request, batch: BatchRequest, read: Sequence[Command | OmsError]
    ) -> Response:
        valid = [each for each in read if not isinstance(each, OmsError)]
        submissions = [batch.submission(n, command) for n, command in enumerate(valid)]
        first = None if batch.key is None else 0
        decided = iter(await batch_parts.submit_in_order(self._bus, submissions, first))
        results = [each if isinstance(each, OmsError) else next(decided) for each in read]
        batch_parts.refuse_if_none_was_decided(results)
        items = [self._item(result, batch.dry_run) for result in results]
        repeated = all(map(self._repeats, results))
        return await self._answers.answer(request, batch, results, items, repeated=repeated)

    def _read_all(self, body: BatchBody) -> Sequence[Command | OmsError]:
        """Each command, or why it is none."""
        return [
            item if isinstance(item, OmsError) else self._read(number, item, body.shared)
            for number, item in enumerate(body.items)
        ]

    def _read(self, number: int, item: bytes, shared: Mapping[str, Json]) -> Command | OmsError:
        try:
            return self._single.read(item, {}, shared)
        except OmsError as error:
            return batch_parts.within(self._many, number, error)

    def _repeats(self, result: Result) -> bool:
        if isinstance(result, Outcome):
            return self._single.repeats(result)
        return isinstance(result, OmsError) and result.replayed

    def _item(self, result: Result, dry_run: bool) -> Json:
        if isinstance(result, Outcome):
            status = 200 if dry_run else self._single.status(result)
            body: dict[str, Json] = {**result.answer, "position": result.position}
            return {"status": status, self._one: body}
        return batch_parts.problem_item(result)
