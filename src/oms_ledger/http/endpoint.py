"""What all routes have in common: authentication, errors as answers, security headers, metrics.

An `Endpoint` is an ASGI application of its own, so that the route table can call it directly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Protocol
from urllib.parse import unquote_to_bytes

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from oms_ledger.access.principals import ANONYMOUS
from oms_ledger.access.roles import PUBLIC
from oms_ledger.domain.errors import NotFound, OmsError
from oms_ledger.http import metrics
from oms_ledger.http.auth import PRINCIPAL, READMIT, Gate, address_of
from oms_ledger.http.bodies import HeldBody
from oms_ledger.http.bounds import Bounds
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.heads import path_bytes, refuse_cards_in_headers, refuse_cards_in_target
from oms_ledger.http.refusals import REFUSALS
from oms_ledger.http.requests import SLASH, request_headers
from oms_ledger.http.responses import internal_error_answer, problem_answer
from oms_ledger.http.turns import CALLER
from oms_ledger.validation import Malformed

log = structlog.get_logger(__name__)

Handle = Callable[[Request], Awaitable[Response]]

CONNECTION = "oms.connection"

SECURITY: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
]
"""On all answers but the page of the documentation: they are data, no web page, and not to be
cached. No answer has CORS headers, which would let pages of other origins read it."""


class Endpoint:
    """One route. `scope` is what the caller's key must have; `within_channels`: whether it may be
    bound to channels, to whose orders `handle` keeps then; `handle` is called once the gate has
    admitted the caller. It returns an answer or raises an `OmsError`; any other exception is a
    bug, which is logged and answered by 500 without details."""

    __slots__ = (
        "_bounds",
        "_gate",
        "_handle",
        "_is_link",
        "method",
        "path",
        "scope",
        "within_channels",
    )

    def __init__(
        self,
        gate: Gate,
        bounds: Bounds,
        method: str,
        path: str,
        scope: str,
        handle: Handle,
        *,
        within_channels: bool,
    ) -> None:
        self.method = method
        self.path = path
        self.scope = scope
        self.within_channels = within_channels
        self._gate = gate
        self._bounds = bounds
        self._is_link = scope == PUBLIC and "{token}" in path
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        body = HeldBody(self._bounds.bodies)
        body.put_into(request)
        scope[REFUSALS] = self._gate.refusals
        try:
            principal = await self._gate.admit(
                request, self.scope, within_channels=self.within_channels
            )
            scope[PRINCIPAL] = principal
            CALLER.set(principal.id)
            if principal is not ANONYMOUS:
                _assign_connection(scope, principal.id)
            # Without the request, which refers to the scope: a cycle would keep both, and the body,
            # until the next run of the cyclic garbage collector.
            headers, address = request_headers(request), address_of(request)
            scope[READMIT] = partial(
                self._gate.readmit,
                headers,
                address,
                self.scope,
                within_channels=self.within_channels,
            )
            refuse_cards_in_target(scope)
            if self.scope != PUBLIC:
                refuse_cards_in_headers(scope)
            if self._is_link:
                self._gate.refuse_guesses(request)
            answer = await self._bounds.handle(request, self._handle)
        except OmsError as error:
            if self._is_link and isinstance(error, NotFound):
                self._gate.count_guess(request)
            metrics.count_refusal(error.code)
            self._gate.refusals.add(scope, error, f"{self.method} {self.path}")
            answer = problem_answer(error)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("request_failed", method=self.method, route=self.path)
            answer = internal_error_answer()
        finally:
            body.release()
        answer.raw_headers += SECURITY
        metrics.observe_request(
            self.method, self.path, answer.status_code, perf_counter() - started
        )
        await answer(scope, receive, send)


class KeyedConnection(Protocol):
    """The connection of a request, where the server keeps count of them."""

    def belongs_to(self, caller: str) -> bool:
        """Note whose key came; False where too many connections belong to that caller."""
        ...


def _assign_connection(scope: Scope, caller: str) -> None:
    connection: KeyedConnection | None = scope.get(CONNECTION)
    if connection is not None and not connection.belongs_to(caller):
        raise RateLimited(
            "Too many connections are yours. Close some, or use them again.",
            seconds=1,
            reason="too_many_connections",
        )


def with_decoded_path(scope: Scope) -> Scope:
    """The scope with its path decoded segment by segment, so that a slash within one (as in
    `/v1/stock/B%2F1`) is no separator. `Malformed` where it is not UTF-8."""
    raw = path_bytes(scope)
    if b"%" not in raw:
        return scope
    try:
        path = "/".join(_decoded(segment) for segment in raw.partition(b"?")[0].split(b"/"))
    except UnicodeDecodeError:
        raise Malformed("The path is not UTF-8. Encode it as UTF-8, then with %.") from None
    return {**scope, "path": path}


def _decoded(segment: bytes) -> str:
    text = unquote_to_bytes(segment).decode()
    if SLASH in text:
        raise Malformed("The path contains the character NUL. Remove it.")
    return text.replace("/", SLASH)


async def send_problem(error: OmsError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error before a route is known."""
    metrics.count_refusal(error.code)
    answer = problem_answer(error)
    answer.raw_headers += SECURITY
    await answer(scope, receive, send)
