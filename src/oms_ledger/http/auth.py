"""Authentication and authorisation of requests. A key is looked up at most every few seconds:
revoking it takes effect soon, and most requests need no look-up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.requests import Request

from oms_ledger.access import api_keys
from oms_ledger.access.api_keys import ApiKey
from oms_ledger.access.oidc import is_token
from oms_ledger.access.principals import (
    ADMINISTRATOR,
    ANONYMOUS,
    LOCAL,
    Principal,
    authorise,
    authorise_within_channels,
)
from oms_ledger.access.rates import TokenBuckets
from oms_ledger.access.roles import PUBLIC
from oms_ledger.domain.errors import Forbidden, Unauthenticated
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.identity_provider import Provider
from oms_ledger.http.refusals import KEY_ID, RefusalLog
from oms_ledger.http.requests import Headers, request_headers

KEY_CACHE_SECONDS = 3.0
"""How long a key is cached: a revoked key works at most this long, in every process."""

KEY_CACHE_SIZE = 10_000

FAILURES_PER_SECOND = 10.0
FAILURES_BURST = 200.0
"""Failed authentications allowed to one address. Keys cannot be guessed; the limit keeps the load
of attempts low."""

GUESSES_PER_SECOND = 1.0
GUESSES_BURST = 30.0
"""Tracking links that do not exist, allowed to one address."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

LOCAL_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
"""A `Host` header that names this machine and nothing else."""

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers by which a proxy says that it asks for another machine."""

ADDRESS_CHARACTERS_MAX = 100

PRINCIPAL = "oms.principal"
READMIT = "oms.readmit"

Find = Callable[[str], ApiKey | None]


@dataclass(slots=True)
class _CachedKey:
    """The result of a look-up, valid until `expires_at` (monotonic seconds). `key` and `principal`
    are None where there is no such key."""

    key: ApiKey | None
    expires_at: float
    principal: Principal | None


@dataclass(slots=True)
class Gate:
    """Authenticates requests by API key or token, and checks scopes and rate limits.

    `find` looks a key up by its prefix and may block; `provider` verifies tokens. With
    `open_to_all` no key is needed: requests from this machine act as `local`, others are
    refused."""

    ledger: str
    find: Find
    admin_key: str | None = field(default=None, repr=False)
    provider: Provider | None = None
    rates: TokenBuckets = field(default_factory=lambda: TokenBuckets(0, 0))
    open_to_all: bool = False
    refusals: RefusalLog = field(default_factory=RefusalLog, repr=False)
    _cached: dict[str, _CachedKey] = field(default_factory=dict, repr=False)
    _failures: TokenBuckets = field(
        default_factory=lambda: TokenBuckets(FAILURES_PER_SECOND, FAILURES_BURST)
    )
    _guesses: TokenBuckets = field(
        default_factory=lambda: TokenBuckets(GUESSES_PER_SECOND, GUESSES_BURST)
    )
    _uses: dict[str, datetime] = field(default_factory=dict, repr=False)

    async def admit(self, request: Request, scope: str, *, within_channels: bool) -> Principal:
        """The principal of a request; `Unauthenticated` without a valid key, `Forbidden` without
        the scope, `RateLimited` above the limit. Public routes admit every request.
        `within_channels`: whether the route admits keys that are bound to channels."""
        if scope == PUBLIC:
            return ANONYMOUS
        if self.open_to_all:
            _must_be_local(request)
            return LOCAL
        address = address_of(request)
        try:
            principal = await self._authenticate(request_headers(request), address, request.scope)
        except Unauthenticated:
            _refuse(self._failures.take(address, time.monotonic()), TOO_MANY_FAILURES)
            raise
        request.scope[KEY_ID] = principal.key_id
        _refuse(self.rates.take(principal.id, time.monotonic()), TOO_OFTEN)
        authorise(principal, scope)
        authorise_within_channels(principal, within_channels)
        return principal

    async def readmit(
        self, headers: Headers, address: str, scope: str, *, within_channels: bool
    ) -> None:
        """Check again that an admitted request with these headers, from this address, would still
        be admitted; the same errors."""
        if scope == PUBLIC or self.open_to_all:
            return
        principal = await self._authenticate(headers, address, {})
        authorise(principal, scope)
        authorise_within_channels(principal, within_channels)

    def refuse_guesses(self, request: Request) -> None:
        """`RateLimited` where too many links that do not exist came from the caller's address."""
        _refuse(self._guesses.wait(address_of(request), time.monotonic()), TOO_MANY_GUESSES)

    def count_guess(self, request: Request) -> None:
        """Note that a link does not exist."""
        self._guesses.take(address_of(request), time.monotonic())

    def take_key_uses(self) -> Mapping[str, datetime]:
        """When keys were last used, by id; only those used since the previous call."""
        uses, self._uses = self._uses, {}
        return uses

    async def _authenticate(
        self, headers: Headers, address: str, noted: MutableMapping[str, Any]
    ) -> Principal:
        header = headers.get("authorization")
        if not header:
            raise Unauthenticated(
                "This needs an API key. Send it as `Authorization: Bearer <key>`;"
                " `oms-ledger keys create <name>` makes one.",
                reason="no_key",
            )
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated(
                "Send the key as `Authorization: Bearer <key>`.", reason="no_bearer_key"
            )
        if self.provider is not None and is_token(text):
            return await self.provider.principal(text)
        admitted = await self._by_key(text, address, noted)
        admin_key = self.admin_key
        if isinstance(admitted, Principal):
            return admitted
        if admin_key is not None and api_keys.equal_secrets(text, admin_key):
            return ADMINISTRATOR
        raise Unauthenticated(
            "This API key is not valid here, has expired or was revoked."
            " `oms-ledger keys list` shows which are.",
            reason=admitted,
        )

    async def _by_key(
        self, text: str, address: str, noted: MutableMapping[str, Any]
    ) -> Principal | str:
        """The principal of a key's text, or why there is none, in a word. The key's id is
        `noted`."""
        prefix = api_keys.prefix_of(text)
        if prefix is None:
            return "malformed_key"
        cached = self._cached.get(prefix)
        if cached is None or cached.expires_at <= time.monotonic():
            if cached is None or cached.key is None:
                _refuse(self._failures.wait(address, time.monotonic()), TOO_MANY_FAILURES)
            cached = await self._fetch(prefix)
        if cached.key is None or cached.principal is None:
            return "unknown_key"
        noted[KEY_ID] = cached.key.id
        now = datetime.now(UTC)
        fault = api_keys.fault(text, cached.key, self.ledger, now)
        if fault is not None:
            return fault
        self._uses[cached.key.id] = now
        return cached.principal

    async def _fetch(self, prefix: str) -> _CachedKey:
        expires_at = time.monotonic() + KEY_CACHE_SECONDS
        key = await to_thread.run_sync(self.find, prefix)
        if len(self._cached) >= KEY_CACHE_SIZE:
            self._cached.clear()
        principal = None if key is None else api_keys.principal(key)
        cached = self._cached[prefix] = _CachedKey(key, expires_at, principal)
        return cached


def principal_of(request: Request) -> Principal:
    """The principal that the gate has admitted with this request."""
    principal: Principal = request.scope[PRINCIPAL]
    return principal


def address_of(request: Request) -> str:
    """The client's address, by which failures are counted. Of IPv6 the network, since who has one
    address there has all of its 2^64. Empty where a proxy names no address."""
    client = request.scope.get("client")
    host: str = client[0] if client else ""
    return _counted_address(host[:ADDRESS_CHARACTERS_MAX])


@lru_cache(1024)
def _counted_address(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What was exceeded: a word for the log, and a sentence for the caller."""

    reason: str
    why: str


TOO_MANY_GUESSES = _Limit(
    "too_many_guesses", "Too many links that do not exist have been tried from this address."
)
TOO_OFTEN = _Limit("too_many_requests", "More requests than are allowed here.")
TOO_MANY_FAILURES = _Limit(
    "too_many_failures", "Too many requests without a valid key have come from this address."
)


def _refuse(seconds: float, limit: _Limit) -> None:
    if seconds:
        raise RateLimited(
            f"{limit.why} Try again after {ceil(seconds)} s.",
            seconds=seconds,
            reason=limit.reason,
        )


def _must_be_local(request: Request) -> None:
    """`Forbidden` for requests that a web page may have sent: those with a host name that is not
    loopback (DNS rebinding), and those from another origin (cross-site requests)."""
    origin = request.headers.get("origin")
    hosts = request.headers.getlist("host")
    named = [LOCAL_HOST.fullmatch(host) for host in hosts]
    forwarded = any(name in request.headers for name in FORWARDED)
    if not all(named) or len(named) != 1 or forwarded or (origin and not _is_local(origin)):
        raise Forbidden(
            "Without keys only this machine may ask. Use http://127.0.0.1.",
            reason="not_this_machine",
        )


def _is_local(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in LOOPBACK
    except ValueError:
        return False
