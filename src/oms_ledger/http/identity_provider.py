"""The identity provider: its signing keys, fetched when they are needed, and the principals of its
tokens."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog
from anyio import Lock, to_thread
from jwt import PyJWK, PyJWKClient, PyJWTError

from oms_ledger.access import oidc
from oms_ledger.access.oidc import Issuer
from oms_ledger.access.principals import Principal
from oms_ledger.domain.errors import Unauthenticated, Unavailable
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

FRESH_SECONDS = 600.0
"""Age up to which fetched keys are used without fetching them again."""

RETRY_SECONDS = 30.0
"""Least time between two fetches, failed ones included: tokens with unknown key ids must not
cause a fetch each."""

STALE_SECONDS_MAX = 86_400.0
"""Age up to which fetched keys are used while the provider does not answer."""

FETCH_SECONDS = 5.0
DOCUMENT_BYTES_MAX = 1_000_000

UNUSABLE = (OSError, httpx.HTTPError, ValueError, TypeError, RecursionError, PyJWTError)
"""What a fetch raises where there is no usable JWKS document."""


class JwksClient(PyJWKClient):
    """Reads the signing keys of a JWKS document, from an https URL or from a file. It blocks.

    Unlike its base it reads at most `DOCUMENT_BYTES_MAX` bytes and takes files. It keeps nothing:
    see `Provider`.
    """

    def __init__(self, location: str) -> None:
        self._path: Path | None = None
        if not location.startswith(("http://", "https://")):
            self._path = Path(location.removeprefix("file://"))
            location = "https://file.invalid"  # the base refuses files, which tokens could name
        super().__init__(location, cache_jwk_set=False)

    def fetch_data(self) -> Any:
        """The document, parsed; raises `UNUSABLE`."""
        document = self._fetch() if self._path is None else self._path.read_bytes()
        return self._as_jwk_set_payload(orjson.loads(document))

    def _fetch(self) -> bytes:
        """Redirects are not followed: keys come from the URL of the settings alone."""
        context = ssl.create_default_context()
        document = b""
        with (
            httpx.Client(verify=context, timeout=FETCH_SECONDS) as client,
            client.stream("GET", self.uri) as response,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes(65_536):
                document += chunk
                if len(document) > DOCUMENT_BYTES_MAX:
                    raise ValueError("it is too large")
        return document


class Provider:
    """Verifies tokens by the provider's keys, which it caches. Belongs to one event loop."""

    def __init__(
        self, issuer: Issuer, jwks: JwksClient, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._jwks = jwks
        self._now = now
        self._lock = Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._attempted_at = -float("inf")

    @staticmethod
    def of(settings: Settings) -> Provider | None:
        """The provider of the settings; None where there is none."""
        if not (settings.oidc_issuer and settings.oidc_audience and settings.oidc_jwks_url):
            return None
        issuer = Issuer(
            settings.oidc_issuer,
            settings.oidc_audience,
            settings.oidc_roles_claim,
            settings.claim_roles,
        )
        return Provider(issuer, JwksClient(settings.oidc_jwks_url))

    async def principal(self, token: str) -> Principal:
        """The principal of a token; `Unauthenticated` where the token is not valid, `Unavailable`
        where the provider's keys cannot be fetched."""
        key = await self._key(oidc.key_id(token))
        if key is None:
            raise Unauthenticated(
                "This token is not valid. No key of the provider signed it.",
                reason="invalid_token",
            )
        return oidc.principal(token, key, self._issuer)

    async def _key(self, key_id: str) -> PyJWK | None:
        if self._is_due(key_id):
            async with self._lock:
                if self._is_due(key_id):  # another request may have fetched meanwhile
                    await self._refresh()
        if self._now() - self._fetched_at > STALE_SECONDS_MAX:
            raise Unavailable(
                "The identity provider's keys cannot be read. Try again, or use a key."
            )
        return self._keys.get(key_id)

    def _is_due(self, key_id: str) -> bool:
        now = self._now()
        stale = key_id not in self._keys or now - self._fetched_at > FRESH_SECONDS
        return stale and now - self._attempted_at > RETRY_SECONDS

    async def _refresh(self) -> None:
        self._attempted_at = self._now()
        try:
            keys = await to_thread.run_sync(self._jwks.get_signing_keys)
        except UNUSABLE as error:
            log.warning("provider_keys_unavailable", error=str(error))
            return
        self._keys = {key.key_id: key for key in keys if key.key_id is not None}
        self._fetched_at = self._now()
