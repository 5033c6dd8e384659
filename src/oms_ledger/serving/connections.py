"""The open connections of one process: bounded in all, for each address and for each caller.

When all places are taken, a new connection gets that of the oldest one that is silent and has
never sent a request with a key: so there is always a place for a caller with a key.
"""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

CONNECTIONS_MAX = 8_000
"""Places in one process, where it may open as many files."""

FILES_KEPT = 256
"""Files that are kept for the database, for logs and for the program itself."""

OF_ADDRESS_MAX = 200
"""Connections of one address that is not a proxy's."""


class ClientConnection(Protocol):
    """What is known of a connection."""

    address: str
    caller: str | None
    """Who sent the last request with a key; None where there was none."""

    @property
    def is_quiet(self) -> bool:
        """Whether no request of it is being answered."""
        ...

    def drop(self) -> None:
        """Close it at once."""
        ...


class Connections:
    """Belongs to one event loop. `trusted` are the addresses and networks of proxies, as uvicorn
    takes them; requests of many people come from there."""

    def __init__(self, most: int, trusted: Sequence[str] | str | None) -> None:
        self._most = most
        self._open: dict[ClientConnection, None] = {}
        self._of_address: Counter[str] = Counter()
        self._of_caller: Counter[str] = Counter()
        self._proxies = _networks(trusted)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: ClientConnection) -> bool:
        """Give a connection a place; False where there is none for it."""
        address = connection.address
        if self._of_address[address] >= OF_ADDRESS_MAX and not self._is_proxy(address):
            return False
        if len(self._open) >= self._most and not self._make_room():
            return False
        self._open[connection] = None
        self._of_address[address] += 1
        return True

    def remove(self, connection: ClientConnection) -> None:
        if connection not in self._open:
            return
        del self._open[connection]
        _subtract(self._of_address, connection.address)
        if connection.caller is not None:
            _subtract(self._of_caller, connection.caller)
            connection.caller = None

    def assign(self, connection: ClientConnection, caller: str) -> bool:
        """Note that a request with the key of this caller came; False where more than half of
        all connections would belong to that caller."""
        if connection.caller == caller or connection not in self._open:
            return True
        if self._of_caller[caller] >= max(1, self._most // 2):
            return False
        if connection.caller is not None:
            _subtract(self._of_caller, connection.caller)
        connection.caller = caller
        self._of_caller[caller] += 1
        return True

    def _make_room(self) -> bool:
        """Drop the oldest quiet connection without a key; whether there was one."""
        for connection in self._open:
            if connection.caller is None and connection.is_quiet:
                self.remove(connection)
                connection.drop()
                return True
        return False

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return True  # a socket of this machine, which has no address
        return any(parsed in network for network in self._proxies)


def places() -> int:
    """How many connections this process has places for: its limit of open files is raised to what
    it may be at most, and some are kept."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_KEPT
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = wanted if soft == resource.RLIM_INFINITY else soft
    return max(16, min(CONNECTIONS_MAX, files - FILES_KEPT))


def _networks(
    trusted: Sequence[str] | str | None,
) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    names = trusted.split(",") if isinstance(trusted, str) else list(trusted or ())
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for name in (each.strip() for each in names):
        if name == "*":
            networks += [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
            continue
        try:
            networks.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            continue  # the path of a socket of this machine
    return networks


def _subtract(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
