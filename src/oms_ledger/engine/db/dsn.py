"""Where the database is, and whether the way there is safe: looked at before anybody goes there."""

from __future__ import annotations

import ipaddress
import os

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oms_ledger.domain.errors import Invalid
from oms_ledger.settings import TLS_MODES, Settings, variable

DEFAULT_MODE = "prefer"
"""What libpq does when nothing is said: it takes what it gets."""


def check(settings: Settings) -> None:
    """`Invalid` where an address of the database is none, or leads to another machine by a way on
    which passwords and orders could be read or changed."""
    for name in ("database_url", "owner_url"):
        url = getattr(settings, name)
        if url is not None:
            _check(name, url, settings.database_tls)


def _check(name: str, url: str, least: str) -> None:
    given = _parsed(name, url)
    away = [host for host in _hosts(given) if not _is_here(host)]
    mode = given.get("sslmode") or os.environ.get("PGSSLMODE") or DEFAULT_MODE
    if away and _strength(mode) < _strength(least):
        raise _invalid(
            name,
            f"{', '.join(away)} is another machine, and with sslmode={mode} nothing proves that it"
            f" is the database, or that nobody reads along. Add sslmode=verify-full, and"
            " sslrootcert=FILE with the certificate of who signed the server's, or"
            f" sslrootcert=system. On a network that you trust, say what is enough:"
            f" {variable('database_tls')}=disable, or require.",
        )


def _parsed(name: str, url: str) -> dict[str, str]:
    """The driver would say too where this is no address, and repeat parts of it, be it the
    password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise _invalid(
            name,
            "It is no address of a PostgreSQL server. Write"
            " postgresql://user:password@host/database and encode what is special in the password,"
            " as in %40 for @.",
        ) from None
    return {key: str(value) for key, value in given.items() if value is not None}


def _hosts(given: dict[str, str]) -> list[str]:
    """All that might be connected to. Without a host it is a socket of this machine, unless a
    service file says otherwise, which is for libpq to read."""
    named = given.get("hostaddr") or given.get("host")
    if named is None and ("service" in given or "PGSERVICE" in os.environ):
        return ["the service's host"]
    named = named or os.environ.get("PGHOSTADDR") or os.environ.get("PGHOST") or ""
    return named.split(",")


def _is_here(host: str) -> bool:
    """A socket in a folder, or a loopback address: nobody else is on the way."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _strength(mode: str) -> int:
    """Of what libpq does not know, and refuses itself, nothing is expected."""
    return TLS_MODES.index(mode) if mode in TLS_MODES else -1


def _invalid(name: str, why: str) -> Invalid:
    field = variable(name)
    return Invalid(f"{field}: {why}", errors=[{"field": field, "message": why}])
