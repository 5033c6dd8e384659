"""The one client of calls to vendors. Redirects are not followed, proxies and credentials of the
environment are not used, and certificates are always verified."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpcore
import structlog

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.integrations.addresses import (
    DEADLINE,
    AddressGuard,
    AddressRefused,
    GuardedBackend,
)
from oms_ledger.integrations.ports import NoAnswer, VendorResponse

log = structlog.get_logger(__name__)

# They would log whole URLs, whose query may hold what is nobody's business.
for _library in ("httpcore", "httpx"):
    logging.getLogger(_library).setLevel(logging.WARNING)

RETRY_AFTER_SECONDS_MAX = 3600.0
"""A vendor that requests a longer pause is called again after this time."""

RETRY_AFTER_SECONDS = 5.0
"""The pause after a refusal for its rate, where the vendor names none."""

RATE_WAIT_SECONDS_MAX = 10.0
"""How long a call waits for the rate that its connection keeps by itself."""

RETRIED_STATUSES = frozenset({502, 503, 504})

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""They change nothing, so that they may be repeated at once."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """In seconds and bytes. `total_seconds` is for one whole call, with its answer. `safe_retries`:
    how often a call that changes nothing is repeated where no answer came."""

    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    total_seconds: float = 30.0
    response_bytes: int = 8_000_000
    header_bytes: int = 64_000
    safe_retries: int = 1
    retry_pause_seconds: float = 0.2


class VendorRate(NamedTuple):
    """What a vendor says of its rate limit: how many calls it allows and has left, and for how many
    seconds it wants none. None: it does not say."""

    limit: int | None
    remaining: int | None
    blocked_seconds: float | None


class CallReport(NamedTuple):
    """How one call went. `code` is None where an answer came that is no fault of the vendor's."""

    connection: str
    code: str | None
    rate: VendorRate


class VendorClient:
    """Calls vendors, over connections that are kept. Used by any number of threads."""

    def __init__(
        self,
        guard: AddressGuard,
        limits: CallLimits = CallLimits(),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self.limits = limits
        self._tls = tls
        if tls and (tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname):
            raise ValueError("certificates of vendors are always verified")
        self._opened: httpcore.ConnectionPool | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        with self._opening:
            if self._opened is not None:
                self._opened.close()

    def _pool(self) -> httpcore.ConnectionPool:
        """The connections, opened by the first call: reading the certificate authorities of the
        system takes tens of milliseconds, and most openings of a ledger call no vendor."""
        with self._opening:
            if self._opened is None:
                self._opened = httpcore.ConnectionPool(
                    ssl_context=self._tls or ssl.create_default_context(),
                    max_connections=100,
                    max_keepalive_connections=20,
                    keepalive_expiry=15.0,
                    retries=0,
                    network_backend=GuardedBackend(self._guard),
                )
            return self._opened

    def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> VendorResponse:
        """One call, once. `NoAnswer` where no whole response comes."""
        DEADLINE.set(time.monotonic() + self.limits.total_seconds)
        try:
            self._guard.check_url(url)
            return self._call(method, url, headers, body)
        except AddressRefused as error:
            raise NoAnswer(error.code) from None
        except httpcore.ConnectError as error:
            raise NoAnswer(_connect_code(error)) from None
        except httpcore.TimeoutException:
            raise NoAnswer("timeout") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise NoAnswer("broken_connection") from None
        except (ssl.SSLError, OSError):
            raise NoAnswer("unreachable") from None
        except (UnicodeError, ValueError):
            raise NoAnswer("malformed_request") from None

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> VendorResponse:
        timeout = {
            "connect": self.limits.connect_seconds,
            "pool": self.limits.connect_seconds,
            "read": self.limits.read_seconds,
            "write": self.limits.read_seconds,
        }
        sent = {"accept-encoding": "identity", "user-agent": "oms-ledger"}
        sent.update((name.lower(), value) for name, value in headers.items())
        if body or method not in SAFE_METHODS:
            sent["content-length"] = str(len(body))
        target = httpcore.URL(url)
        sent["host"] = _host(target)
        with self._pool().stream(
            method,
            target,
            headers=list(sent.items()),
            content=body,
            extensions={"timeout": timeout},
        ) as response:
            received = _headers(response, self.limits.header_bytes)
            if received.get("content-encoding", "identity").lower() != "identity":
                raise NoAnswer("encoded_response")
            return VendorResponse(response.status, received, self._body(response))

    def _body(self, response: httpcore.Response) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > self.limits.response_bytes:
                raise NoAnswer("too_large_response")
            chunks.append(chunk)
        return b"".join(chunks)


class ConnectionHttp:
    """The `VendorHttp` of one connection: its base URL, its rate, and a report of each call.

    `per_second` is the rate that the connection keeps by itself, in each process; 0: none.
    """

    def __init__(
        self,
        client: VendorClient,
        connection: str,
        base_url: str,
        report: Callable[[CallReport], None],
        rates: TokenBuckets,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._connection = connection
        self._base_url = base_url.rstrip("/")
        self._report = report
        self._rates = rates
        self._now = now

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> VendorResponse:
        """As `VendorHttp.send`. A call that changes nothing is repeated where no answer came."""
        target = f"{self._base_url}{url}" if url.startswith("/") else url
        retries = self._client.limits.safe_retries if method in SAFE_METHODS else 0
        while True:
            self._keep_rate()
            started = time.monotonic()
            try:
                response = self._client.call(method, target, headers or {}, body)
            except NoAnswer as error:
                self._done(method, started, None, error.code, VendorRate(None, None, None))
                if not retries or error.code in ("private_address", "not_https", "malformed_url"):
                    raise
            else:
                rate = vendor_rate(response, self._now())
                code = f"http_{response.status}" if _is_fault(response.status) else None
                self._done(method, started, response.status, code, rate)
                if not retries or response.status not in RETRIED_STATUSES:
                    return response
            retries -= 1
            time.sleep(self._client.limits.retry_pause_seconds)

    def _keep_rate(self) -> None:
        """Wait for the rate that the connection keeps by itself. `NoAnswer` where that takes long:
        nothing was sent."""
        waited = 0.0
        while seconds := self._rates.take(self._connection, time.monotonic()):
            waited += seconds
            if waited > RATE_WAIT_SECONDS_MAX:
                raise NoAnswer("rate_limited", seconds)
            time.sleep(seconds)

    def _done(
        self, method: str, started: float, status: int | None, code: str | None, rate: VendorRate
    ) -> None:
        log.info(
            "vendor_called",
            connection=self._connection,
            method=method,
            status=status,
            code=code,
            milliseconds=round((time.monotonic() - started) * 1000),
        )
        self._report(CallReport(self._connection, code, rate))


def vendor_rate(response: VendorResponse, now: datetime) -> VendorRate:
    """From `Retry-After`, and the headers `RateLimit-*` or `X-RateLimit-*`."""
    headers = response.headers

    def number(name: str) -> int | None:
        text = headers.get(f"ratelimit-{name}") or headers.get(f"x-ratelimit-{name}") or ""
        text = text.partition(",")[0].partition(";")[0].strip()
        return int(text[:9]) if text.isascii() and text.isdecimal() else None

    limit, remaining = number("limit"), number("remaining")
    blocked = retry_after_seconds(headers.get("retry-after"), now)
    if blocked is None and response.status == 429:
        blocked = RETRY_AFTER_SECONDS
    if blocked is None and remaining == 0:
        reset = number("reset")
        blocked = None if reset is None or reset > RETRY_AFTER_SECONDS_MAX else float(reset)
    return VendorRate(limit, remaining, blocked)


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """The pause of `Retry-After`, as seconds or as a date; at most an hour."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), RETRY_AFTER_SECONDS_MAX)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, min((at - now).total_seconds(), RETRY_AFTER_SECONDS_MAX))


def _is_fault(status: int) -> bool:
    """A status that says that the connection does not work: of the vendor, its rate or the
    credentials. Others answer one request."""
    return status >= 500 or status in (401, 403, 407, 429)


def _headers(response: httpcore.Response, most: int) -> dict[str, str]:
    if sum(len(name) + len(value) for name, value in response.headers) > most:
        raise NoAnswer("too_large_response")
    return {
        name.decode("ascii", "replace").lower(): value.decode("latin-1")
        for name, value in response.headers
    }


def _host(url: httpcore.URL) -> str:
    host = url.host.decode("ascii")
    host = f"[{host}]" if ":" in host else host
    default = 443 if url.scheme == b"https" else 80
    return host if url.port in (None, default) else f"{host}:{url.port}"


def _connect_code(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
        if isinstance(error, ssl.SSLCertVerificationError):
            return "bad_certificate"
        if isinstance(error, ssl.SSLError):
            return "tls_failed"
    return "unreachable"
