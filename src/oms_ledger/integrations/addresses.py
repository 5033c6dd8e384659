"""Which addresses the program calls: public ones alone, so that nobody who may define a connection
can have it call the machines around it.

The address that was checked is the one that is connected to: a name whose address changes between
the two (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore

NAT64 = IPv6Network("64:ff9b::/96")

DEADLINE: ContextVar[float] = ContextVar("deadline")
"""The `time.monotonic()` by which the call that this thread makes must have ended."""

Resolve = Callable[[str, int], list[str]]
"""The addresses of a host name."""


class AddressRefused(Exception):
    """The program does not call this address. `code` is a word for logs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def resolve(host: str, port: int) -> list[str]:
    """Ask the system. The address of a name may take as long as the system's resolver waits."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in addresses))


def is_public(text: str) -> bool:
    """Whether an address is on the public internet, and not an IPv6 form of an IPv4 address that is
    not."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, NAT64, 6to4 or Teredo."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


class AddressGuard:
    """`development_urls` are base URLs that may be private and without TLS: of a vendor's stand-in
    on a developer's machine. An origin is scheme, host and port."""

    def __init__(self, development_urls: Collection[str] = (), resolve: Resolve = resolve) -> None:
        self._allowed = frozenset(map(_origin, development_urls))
        self._hosts = frozenset((host, port) for _, host, port in self._allowed)
        self._resolve = resolve

    def check_url(self, url: str) -> None:
        """`AddressRefused` unless it is an https URL, without credentials, or one of an origin that
        is allowed for development."""
        try:
            parts = urlsplit(url)
            origin = _origin(url)
        except ValueError:
            raise AddressRefused("malformed_url") from None
        if not parts.hostname or "@" in parts.netloc:
            raise AddressRefused("malformed_url")
        if parts.scheme != "https" and origin not in self._allowed:
            raise AddressRefused("not_https")

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to. `AddressRefused` where any of them is not public: a name of
        both kinds is an attack or a mistake."""
        addresses = self._resolve(host, port)
        if (host.lower(), port) not in self._hosts and not all(map(is_public, addresses)):
            raise AddressRefused("private_address")
        return addresses


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to the addresses that the guard gives, one after the other."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._guard.addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError("the host name has no address") from error
        failed: Exception = httpcore.ConnectError("the host name has no address")
        for address in addresses:
            try:
                stream = self._system.connect_tcp(
                    address, port, _left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return BoundedStream(stream)
        raise failed


class BoundedStream(httpcore.NetworkStream):
    """A stream whose reads and writes end by the call's deadline, however little the other side
    sends at a time."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(timeout))
        return BoundedStream(stream)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None) -> float:
    """The smaller of a timeout and the seconds until the deadline."""
    left = DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the call has taken too long")
    return left if timeout is None else min(timeout, left)
