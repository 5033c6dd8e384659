"""Routes of connections, jobs and the inbox that are neither commands nor queries: they are about
secrets, calls and messages, which are not in the log."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from math import ceil

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.app import Oms
from oms_ledger.domain.connections.views import connection_view
from oms_ledger.domain.errors import NotFound, OmsError, Unauthenticated, invalid_field
from oms_ledger.domain.json_values import plain_values, rfc3339
from oms_ledger.engine.work.jobs import STATES, JobStatus
from oms_ledger.http.auth import address_of, principal_of
from oms_ledger.http.bodies import command_body_of, raw_body_of
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.executor import Freshness, wait_for_log
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields, request_headers
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import limit_of, refuse_others
from oms_ledger.integrations.inbox import STATES as MESSAGE_STATES
from oms_ledger.integrations.ledger import ConnectionStatus, LedgerConnections
from oms_ledger.integrations.ports import WebhookRequest
from oms_ledger.integrations.postgres import MessageStatus
from oms_ledger.kernel import Json
from oms_ledger.validation import parse_json

MESSAGE_BYTES_MAX = 1_000_000
"""Of one message of a vendor."""

FORGED_PER_SECOND = 1.0
FORGED_BURST = 50.0
"""Messages with a wrong signature, or to connections that do not exist, allowed to one address."""

MESSAGES_PER_SECOND = 1000.0
MESSAGES_BURST = 5000.0
"""Messages taken in for one connection, in each process: vendors repeat what is refused."""

BATCHES_MAX = 2
"""Batches of one connection that are stored at once, so that a vendor that is slow to verify its
messages leaves threads to the others."""

SECOND_BATCH_AT = 32
"""Messages of one connection that wait before a second batch begins beside the first. Until then
they share the next commit."""

BATCH_MESSAGES_MAX = 64
WAITING_MESSAGES_MAX = 1000

CALLS_MAX = 4
"""Tests of connections, and verifications of messages, that may wait for a vendor at once."""


class ConnectionHandlers:
    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._connections = oms.connections
        self._threads = threads
        self._calls = CapacityLimiter(CALLS_MAX)

    async def list(self, request: Request) -> Response:
        fields = query_fields(request)
        fresh = Freshness.of(fields)
        refuse_others(fields)
        await wait_for_log(self._oms, self._threads, fresh)
        listed = partial(self._connections.statuses_from, fresh.min_position or 0)
        position, statuses = await self._threads.run(listed)
        items = [_connection(each) for each in statuses]
        return answer({"items": items}, 200, {"ledger-position": str(position)})

    async def secrets(self, request: Request) -> Response:
        """Replace the secrets of a connection. They are not shown again, and their values are in no
        error."""
        refuse_others(query_fields(request))
        name = path_fields(request)["connection"]
        body = parse_json(await command_body_of(request, request_headers(request)))
        if not isinstance(body, dict) or not all(isinstance(each, str) for each in body.values()):
            raise invalid_field("", "Write an object of texts: the name of each secret, and it.")
        actor = principal_of(request).actor
        put = partial(self._connections.put_secrets, name, body, actor)
        status = await self._threads.run(put)
        return answer({"name": name, "names": list(status.names), "set_at": _time(status.set_at)})

    async def test(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        name = path_fields(request)["connection"]
        code = await self._call(partial(self._connections.test, name))
        return answer({"name": name, "ok": code is None, "code": code})

    async def _call(self, blocking: Callable[[], str | None]) -> str | None:
        return await to_thread.run_sync(blocking, limiter=self._calls)

    async def jobs(self, request: Request) -> Response:
        fields = query_fields(request)
        connection, state = fields.pop("connection", None), _state(fields, STATES)
        before = _cursor(fields.pop("cursor", None))
        limit = limit_of(fields)
        refuse_others(fields)
        items = await self._threads.run(
            partial(
                self._connections.list_jobs,
                connection=connection,
                state=state,
                limit=limit,
                before=before,
            )
        )
        following = _cursor_after(items[-1]) if len(items) == limit else None
        return answer({"items": [_job(each) for each in items], "next_cursor": following})

    async def retry(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        job_id = path_fields(request)["job_id"]
        retry = partial(self._connections.retry_job, job_id)
        return answer(_job(await self._threads.run(retry)))

    async def cancel(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        job_id = path_fields(request)["job_id"]
        cancel = partial(self._connections.cancel_job, job_id)
        return answer(_job(await self._threads.run(cancel)))


class InboxHandlers:
    def __init__(self, connections: LedgerConnections, threads: Threads) -> None:
        self._connections = connections
        self._threads = threads
        self._calls = CapacityLimiter(CALLS_MAX)
        self._batchers: dict[str, MicroBatcher[WebhookRequest, bool]] = {}
        self._forged = TokenBuckets(FORGED_PER_SECOND, FORGED_BURST)
        self._taken = TokenBuckets(MESSAGES_PER_SECOND, MESSAGES_BURST)

    async def receive(self, request: Request) -> Response:
        """Keep a message of a vendor, whose signature stands in the place of a key."""
        address, now = address_of(request), time.monotonic()
        _refuse(self._forged.wait(address, now), "forged messages from this address")
        name = path_fields(request)["connection"]
        _refuse(self._taken.wait(name, now), "messages of this connection")
        headers = request_headers(request)
        body = await raw_body_of(request, headers, MESSAGE_BYTES_MAX)
        try:
            stored = await self._stored(name, WebhookRequest(headers, body))
        except (Unauthenticated, NotFound):
            self._forged.take(address, now)
            raise
        if stored:
            self._taken.take(name, now)
        return answer({"status": "stored" if stored else "known"})

    async def _stored(self, name: str, message: WebhookRequest) -> bool:
        """Whether it is new. Messages to one connection that come at the same time are stored
        together. Names that nobody has defined get no batcher."""
        inbox = self._connections.inbox
        if not self._connections.directory.has_read(name):
            receive = partial(inbox.receive, name, message.headers, message.body)
            return await to_thread.run_sync(receive, limiter=self._calls)
        if name not in self._batchers:

            async def worker(batch: Sequence[WebhookRequest]) -> Sequence[bool | Exception]:
                together = partial(inbox.receive_many, name, batch)
                return await to_thread.run_sync(together, limiter=self._calls)

            self._batchers[name] = MicroBatcher(
                worker,
                lanes=BATCHES_MAX,
                next_lane_at=SECOND_BATCH_AT,
                most=BATCH_MESSAGES_MAX,
                queued=WAITING_MESSAGES_MAX,
            )
        return await self._batchers[name].call(message)

    async def list(self, request: Request) -> Response:
        fields = query_fields(request)
        connection, state = fields.pop("connection", None), _state(fields, MESSAGE_STATES)
        limit = limit_of(fields)
        refuse_others(fields)
        listed = partial(
            self._connections.messages.list, connection=connection, state=state, limit=limit
        )
        items = await self._threads.run(listed)
        return answer({"items": [_message(each) for each in items]})

    async def replay(self, request: Request) -> Response:
        return await self._change(request, self._connections.messages.replay, "waiting")

    async def drop(self, request: Request) -> Response:
        return await self._change(request, self._connections.messages.drop, "done")

    async def _change(
        self, request: Request, change: Callable[[str, str], None], state: str
    ) -> Response:
        """Change a message; `state` is that which it has afterwards."""
        refuse_others(query_fields(request))
        fields = path_fields(request)
        name, message_id = fields["connection"], fields["message_id"]
        await self._threads.run(partial(change, name, message_id))
        return answer({"connection": name, "message_id": message_id, "state": state})


def _refuse(seconds: float, what: str) -> None:
    if seconds:
        raise RateLimited(
            f"There are too many {what}. Try again after {ceil(seconds)} s.", seconds=seconds
        )


def _state(fields: dict[str, str], states: tuple[str, ...]) -> str | None:
    state = fields.pop("state", None)
    if state is not None and state not in states:
        raise invalid_field("state", f"Write one of: {', '.join(states)}.")
    return state


def _cursor(text: str | None) -> tuple[datetime, str] | None:
    if text is None:
        return None
    try:
        at, _, job_id = urlsafe_b64decode(text.encode("ascii")).decode().partition(" ")
        return datetime.fromisoformat(at), job_id
    except (ValueError, OmsError):
        raise invalid_field("cursor", "Write the next_cursor of the page before.") from None


def _cursor_after(job: JobStatus) -> str:
    return urlsafe_b64encode(f"{job.created_at.isoformat()} {job.job_id}".encode()).decode()


def _connection(status: ConnectionStatus) -> dict[str, Json]:
    health, secrets = status.health, status.secrets
    return {
        **connection_view(status.connection),
        "secrets": list(secrets.names) if secrets else [],
        "secrets_set_at": _time(secrets.set_at if secrets else None),
        "health": {
            "last_success": _time(health.last_success if health else None),
            "last_error": health.last_error if health else None,
            "last_error_at": _time(health.last_error_at if health else None),
            "blocked_until": _time(health.blocked_until if health else None),
            "rate_limit": health.rate_limit if health else None,
            "rate_remaining": health.rate_remaining if health else None,
            "backlog": status.backlog,
            "dead": status.dead,
        },
    }


def _job(job: JobStatus) -> dict[str, Json]:
    return plain_values(job._asdict())


def _message(message: MessageStatus) -> dict[str, Json]:
    return plain_values(message._asdict())


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
