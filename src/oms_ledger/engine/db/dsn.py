"""Checks the database URLs of the settings before the first connection: a remote database needs
TLS that proves which server it is."""

from __future__ import annotations

import ipaddress
import os

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oms_ledger.settings import TLS_MODES, Settings, invalid_setting, variable

DEFAULT_MODE = "prefer"
"""The `sslmode` of libpq where none is set: TLS if the server offers it."""


def check(settings: Settings) -> None:
    """`Invalid` for a URL that libpq cannot parse, and for one of another machine whose `sslmode`
    is weaker than the setting `database_tls`."""
    for name in ("database_url", "owner_url"):
        url = getattr(settings, name)
        if url is not None:
            _check(name, url, settings.database_tls)


def _check(name: str, url: str, required: str) -> None:
    parts = _parsed(name, url)
    remote = [host for host in _hosts(parts) if not _is_local(host)]
    mode = parts.get("sslmode") or os.environ.get("PGSSLMODE") or DEFAULT_MODE
    if remote and _strength(mode) < _strength(required):
        raise invalid_setting(
            name,
            f"{', '.join(remote)} is another machine, and with sslmode={mode} nothing proves that"
            f" it is the database, or that nobody reads along. Add sslmode=verify-full, and"
            " sslrootcert=FILE with the certificate of who signed the server's, or"
            f" sslrootcert=system. On a network that you trust, say what is enough:"
            f" {variable('database_tls')}=disable, or require.",
        )


def _parsed(name: str, url: str) -> dict[str, str]:
    """The parameters in a URL. The driver's own error would repeat parts of it, even the
    password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise invalid_setting(
            name,
            "It is no address of a PostgreSQL server. Write"
            " postgresql://user:password@host/database and encode what is special in the password,"
            " as in %40 for @.",
        ) from None
    return {key: str(value) for key, value in parts.items() if value is not None}


def _hosts(parts: dict[str, str]) -> list[str]:
    """All hosts that libpq may connect to. Without a host it uses a socket of this machine, or the
    host of a service file, which only libpq reads."""
    named = parts.get("hostaddr") or parts.get("host")
    if named is None and ("service" in parts or "PGSERVICE" in os.environ):
        return ["the service's host"]
    named = named or os.environ.get("PGHOSTADDR") or os.environ.get("PGHOST") or ""
    return named.split(",")


def _is_local(host: str) -> bool:
    """A Unix socket or a loopback address: the connection does not leave this machine."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _strength(mode: str) -> int:
    """The rank of an `sslmode`; -1 for an unknown one, which libpq refuses."""
    return TLS_MODES.index(mode) if mode in TLS_MODES else -1
