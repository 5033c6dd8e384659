"""Who is asking, and may they. Keys are looked up once in a few seconds, so that revoking one
soon takes effect and the others cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.requests import Request

from oms_ledger.access import api_keys
from oms_ledger.access.api_keys import ApiKey
from oms_ledger.access.oidc import is_token
from oms_ledger.access.principals import ADMINISTRATOR, ANONYMOUS, LOCAL, Principal, authorise
from oms_ledger.access.rates import TokenBuckets
from oms_ledger.access.roles import PUBLIC
from oms_ledger.domain.errors import Forbidden, Unauthenticated
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.identity_provider import Provider
from oms_ledger.http.requests import request_headers

REMEMBER_SECONDS = 3.0
"""A revoked key works at most this long, everywhere."""

REMEMBER_KEYS = 10_000

FAILURES_PER_SECOND = 10.0
FAILURES_BURST = 200.0
"""Of one address that does not prove who it is. Keys cannot be guessed; this is so that trying
costs us nothing."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

PRINCIPAL = "oms.principal"

Find = Callable[[str], ApiKey | None]


@dataclass(slots=True)
class _CachedKey:
    """A key that was looked up; `principal` only of one that exists."""

    key: ApiKey | None
    until: float
    principal: Principal | None


@dataclass(slots=True)
class Gate:
    """Tells who somebody is by what they bring, and whether they may. `find` looks a key up by
    its prefix and may block; `provider` knows tokens. `open_to_all` is for this machine alone:
    everybody is `local`."""

    ledger: str
    find: Find
    admin_key: str | None = field(default=None, repr=False)
    provider: Provider | None = None
    rates: TokenBuckets = field(default_factory=lambda: TokenBuckets(0, 0))
    open_to_all: bool = False
    _cached: dict[str, _CachedKey] = field(default_factory=dict, repr=False)
    _failures: TokenBuckets = field(
        default_factory=lambda: TokenBuckets(FAILURES_PER_SECOND, FAILURES_BURST)
    )
    _uses: dict[str, datetime] = field(default_factory=dict, repr=False)

    async def admit(self, request: Request, scope: str) -> Principal:
        """Who asks; `Unauthenticated` without a valid key, `Forbidden` without the scope,
        `RateLimited` when they ask too often. What is public is for everybody."""
        if scope == PUBLIC:
            return ANONYMOUS
        if self.open_to_all:
            _must_be_local(request)
            return LOCAL
        address = request.client.host if request.client else ""
        try:
            who = await self._who(request_headers(request), address)
        except Unauthenticated:
            _refuse(self._failures.take(address, time.monotonic()), FAILED)
            raise
        _refuse(self.rates.take(who.id, time.monotonic()), OFTEN)
        authorise(who, scope)
        return who

    def take_key_uses(self) -> Mapping[str, datetime]:
        """When keys were last used, by id; only those used since the previous call."""
        uses, self._uses = self._uses, {}
        return uses

    async def _who(self, headers: Mapping[str, str], address: str) -> Principal:
        header = headers.get("authorization")
        if not header:
            raise Unauthenticated(
                "This needs an API key. Send it as `Authorization: Bearer <key>`;"
                " `oms-ledger keys create <name>` makes one."
            )
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated("Send the key as `Authorization: Bearer <key>`.")
        if self.provider is not None and is_token(text):
            return await self.provider.principal(text)
        who = await self._by_key(text, address)
        if (
            who is None
            and self.admin_key is not None
            and api_keys.equal_secrets(text, self.admin_key)
        ):
            return ADMINISTRATOR
        if who is None:
            raise Unauthenticated(
                "This API key is not valid here, has expired or was revoked."
                " `oms-ledger keys list` shows which are."
            )
        return who

    async def _by_key(self, text: str, address: str) -> Principal | None:
        prefix = api_keys.prefix_of(text)
        if prefix is None:
            return None
        known = self._cached.get(prefix)
        if known is None or known.until <= time.monotonic():
            if known is None or known.key is None:
                _refuse(self._failures.wait(address, time.monotonic()), FAILED)
            known = await self._look_up(prefix)
        now = datetime.now(UTC)
        if known.key is None or not api_keys.authenticates(text, known.key, self.ledger, now):
            return None
        self._uses[known.key.id] = now
        return known.principal

    async def _look_up(self, prefix: str) -> _CachedKey:
        until = time.monotonic() + REMEMBER_SECONDS
        key = await to_thread.run_sync(self.find, prefix)
        if len(self._cached) >= REMEMBER_KEYS:
            self._cached.clear()
        who = None if key is None else api_keys.principal(key)
        known = self._cached[prefix] = _CachedKey(key, until, who)
        return known


def principal_of(request: Request) -> Principal:
    """Who was admitted with this request."""
    who: Principal = request.scope[PRINCIPAL]
    return who


OFTEN = "More requests than are allowed here."
FAILED = "Too many requests without a valid key have come from this address."


def _refuse(seconds: float, why: str) -> None:
    if seconds:
        raise RateLimited(f"{why} Try again after {ceil(seconds)} s.", seconds=seconds)


def _must_be_local(request: Request) -> None:
    """Without keys, a web page must not reach us: neither through a name that it points to this
    machine, nor by sending its visitor's browser here."""
    origin = request.headers.get("origin")
    if request.url.hostname not in LOOPBACK or (origin and not _is_local(origin)):
        raise Forbidden("Without keys only this machine may ask. Use http://127.0.0.1.")


def _is_local(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in LOOPBACK
    except ValueError:
        return False
