"""The identity provider: its keys, fetched when they are needed, and whose tokens they sign."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from anyio import Lock, to_thread
from jwt import PyJWK

from oms_ledger.access import oidc
from oms_ledger.access.oidc import Issuer
from oms_ledger.access.principals import Principal
from oms_ledger.domain.errors import Unauthenticated, Unavailable
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

FRESH_SECONDS = 600.0
"""How long keys are taken to be the provider's without asking again."""

AGAIN_SECONDS = 30.0
"""Between two askings at least: whoever sends made-up keys does not make us ask each time."""

KEPT_SECONDS = 86_400.0
"""How long keys are good while the provider does not answer."""

FETCH_SECONDS = 5.0
DOCUMENT_BYTES_MAX = 1_000_000

Fetch = Callable[[], bytes]


class Provider:
    """`fetch` reads the provider's JWKS document and may block."""

    def __init__(
        self, issuer: Issuer, fetch: Fetch, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._now = now
        self._lock = Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched = self._tried = -float("inf")

    @staticmethod
    def of(settings: Settings) -> Provider | None:
        """The provider that is set; None where there is none."""
        if not (settings.oidc_issuer and settings.oidc_audience and settings.oidc_jwks_url):
            return None
        issuer = Issuer(
            settings.oidc_issuer,
            settings.oidc_audience,
            settings.oidc_roles_claim,
            settings.claim_roles,
        )
        return Provider(issuer, _reading(settings.oidc_jwks_url))

    async def principal(self, token: str) -> Principal:
        """Whose token this is; `Unauthenticated` where it is not good, `Unavailable` where the
        provider's keys cannot be had."""
        named = oidc.key_id(token)
        key = await self._key(named)
        if key is None:
            raise Unauthenticated("This token is not valid. No key of the provider signed it.")
        return oidc.principal(token, key, self._issuer)

    async def _key(self, named: str) -> PyJWK | None:
        if self._is_due(named):
            async with self._lock:
                if self._is_due(named):  # nobody else has asked meanwhile
                    await self._refresh()
        if self._now() - self._fetched > KEPT_SECONDS:
            raise Unavailable(
                "The identity provider's keys cannot be read. Try again, or use a key."
            )
        return self._keys.get(named)

    def _is_due(self, named: str) -> bool:
        now = self._now()
        stale = named not in self._keys or now - self._fetched > FRESH_SECONDS
        return stale and now - self._tried > AGAIN_SECONDS

    async def _refresh(self) -> None:
        self._tried = self._now()
        try:
            self._keys = oidc.keys_in(await to_thread.run_sync(self._fetch))
            self._fetched = self._now()
        except (OSError, ValueError) as error:
            log.warning("provider_keys_unavailable", error=str(error))


def _reading(url: str) -> Fetch:
    """Reads a file, or a page without following it elsewhere."""
    if not url.startswith(("http://", "https://")):
        path = Path(url.removeprefix("file://"))
        return path.read_bytes
    opener = urllib.request.build_opener(_Stay)

    def read() -> bytes:
        with opener.open(url, timeout=FETCH_SECONDS) as answer:
            document: bytes = answer.read(DOCUMENT_BYTES_MAX + 1)
        if len(document) > DOCUMENT_BYTES_MAX:
            raise ValueError("it is too large")
        return document

    return read


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Keys come from where they were said to be, and nowhere else."""
