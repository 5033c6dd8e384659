"""Who is asking. Keys are looked up once in a few seconds, so that revoking one soon takes
effect and the others cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from anyio import to_thread
from starlette.requests import Request

from oms_ledger.domain.errors import Forbidden, Unauthenticated
from oms_ledger.security import api_keys
from oms_ledger.security.api_keys import ADMINISTRATOR, ANYBODY, LOCAL, ApiKey, Principal

REMEMBER_SECONDS = 3.0
"""A revoked key works at most this long, everywhere."""

REMEMBER_KEYS = 10_000

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Find = Callable[[str], ApiKey | None]


class Gate:
    """Tells who somebody is by the key they bring. `find` looks a key up by its prefix and may
    block. `open_to_all` is for this machine alone: everybody is `local`."""

    def __init__(
        self, find: Find, admin_key: str | None = None, *, open_to_all: bool = False
    ) -> None:
        self._find = find
        self._admin_key = admin_key
        self._open_to_all = open_to_all
        self._known: dict[str, tuple[float, ApiKey | None]] = {}

    async def principal(
        self, request: Request, scope: str, headers: Mapping[str, str] | None = None
    ) -> Principal:
        """Who asks; `Unauthenticated` without a valid key, unless the scope is public. `headers`
        are the request's, where they have been read already."""
        if scope == "public":
            return ANYBODY
        if self._open_to_all:
            _must_be_local(request)
            return LOCAL
        who = await self._bearer((headers or request.headers).get("authorization"))
        api_keys.authorise(who, scope)
        return who

    async def _bearer(self, header: str | None) -> Principal:
        if not header:
            raise Unauthenticated(
                "This needs an API key. Send it as `Authorization: Bearer <key>`;"
                " `oms-ledger keys create <name>` makes one."
            )
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated("Send the key as `Authorization: Bearer <key>`.")
        prefix = api_keys.prefix_of(text)
        if prefix is not None:
            key = await self._key(prefix)
            if key is not None and api_keys.opens(text, key):
                return api_keys.principal(key)
        if self._admin_key is not None and api_keys.same(text, self._admin_key):
            return ADMINISTRATOR
        raise Unauthenticated(
            "This API key is not valid, or was revoked. `oms-ledger keys list` shows which are."
        )

    async def _key(self, prefix: str) -> ApiKey | None:
        now = time.monotonic()
        known = self._known.get(prefix)
        if known is not None and known[0] > now:
            return known[1]
        key = await to_thread.run_sync(self._find, prefix)
        if len(self._known) >= REMEMBER_KEYS:
            self._known.clear()
        self._known[prefix] = (now + REMEMBER_SECONDS, key)
        return key


def _must_be_local(request: Request) -> None:
    """Without keys, a web page must not reach us through a name that it points to this
    machine."""
    if request.url.hostname not in LOOPBACK:
        raise Forbidden("Without keys only this machine may ask. Use http://127.0.0.1.")
