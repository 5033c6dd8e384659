"""HTTP requests to anchor stores."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from oms_ledger.domain.errors import Invalid, Unavailable

HTTP_SECONDS = 10.0
"""How long to wait for a connection, and for each read and write."""

RESPONSE_BYTES = 1_000_000
"""The most that is read of a response; the rest of a longer one is not."""


@dataclass(frozen=True, slots=True)
class StoreResponse:
    """A response: its status, its media type in lower case without parameters, and its text."""

    status: int
    media_type: str
    text: str


def request(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> StoreResponse:
    """Send one request. Redirects are not followed; the status is the caller's to judge.

    The server's certificate must be signed by an authority of this machine (or of the file named
    by SSL_CERT_FILE). Proxies, and credentials in .netrc, are not used. `Invalid` for what is no
    http or https URL, `Unavailable` where no response in UTF-8 comes.
    """
    target = _parse(url)
    sent = {"Accept-Encoding": "identity", **headers}
    try:
        with (
            httpx.Client(
                verify=ssl.create_default_context(),
                timeout=HTTP_SECONDS,
                trust_env=False,
                follow_redirects=False,
            ) as client,
            client.stream(method, target, content=body, headers=sent) as response,
        ):
            text = _read(response).decode("utf-8")
    except (OSError, httpx.HTTPError, UnicodeError) as error:
        raise Unavailable(f"{url} does not answer: {error!r}.") from error
    media_type = response.headers.get("Content-Type", "text/plain").partition(";")[0]
    return StoreResponse(response.status_code, media_type.strip().lower(), text)


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Invalid(f"{url!r} is no http or https address.")
    return parsed


def _read(response: httpx.Response) -> bytes:
    """The first RESPONSE_BYTES of the body, as they came: nothing is decompressed."""
    body = b""
    for chunk in response.iter_raw(65_536):
        body += chunk
        if len(body) >= RESPONSE_BYTES:
            break
    return body[:RESPONSE_BYTES]
