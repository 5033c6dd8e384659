"""Storage of API keys, and of the record of their changes, which triggers of the database write."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils

from oms_ledger.access import api_keys
from oms_ledger.access.api_keys import ApiKey
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.db.statements import queries
from oms_ledger.kernel import Json

Lend = Callable[[Role], AbstractContextManager[Connection]]

COLUMNS = [field.name for field in dataclasses.fields(ApiKey)]

CHANGE_COLUMNS = (
    "number", "at", "change", "actor", "login", "key_id", "name", "role", "scopes", "expires_at",
    "holder", "channels",
)  # fmt: skip

SQL = {name: text.encode() for name, text in queries("oms_ledger.access").items()}


class ApiKeyStore:
    """The API keys of one ledger. Used by any number of threads. `lend` lends a connection that
    acts as a role: the custodian changes keys, the reader reads them and records their use.

    `actor` in what changes keys is who does so; the record names the login in the database where
    it is None."""

    def __init__(self, lend: Lend, ledger: str) -> None:
        self._lend = lend
        self._ledger = ledger

    def create(
        self,
        name: str,
        role: str | None,
        scopes: Collection[str] = (),
        *,
        lifetime: timedelta | None = None,
        channels: Collection[str] = (),
        actor: str | None = None,
    ) -> str:
        """Create a key with the scopes of a role and additional scopes, bound to `channels` where
        some are given. Returns its text, which is not stored."""
        now = datetime.now(UTC)
        text, key = api_keys.new_key(
            _new_id(),
            name,
            now,
            ledger=self._ledger,
            role=role,
            scopes=scopes,
            expires_at=None if lifetime is None else now + lifetime,
            channels=channels,
        )
        with self._changing(actor) as connection:
            _add(connection, key)
        return text

    def find(self, prefix: str) -> ApiKey | None:
        """The key with this prefix, valid or not."""
        with self._lend(Role.READER) as connection:
            row = connection.execute(SQL["key_by_prefix"], {"prefix": prefix}).fetchone()
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        """All keys ever created, oldest first."""
        with self._lend(Role.READER) as connection:
            return [_key(row) for row in connection.execute(SQL["list_keys"]).fetchall()]

    def revoke(self, which: str, *, actor: str | None = None) -> list[ApiKey]:
        """Revoke the valid keys with this id, prefix or name; they stop working within seconds.
        `NotFound` if there is none."""
        now = datetime.now(UTC)
        with self._changing(actor) as connection:
            keys = _valid(connection, which, now)
            params = {"now": now, "ids": [key.id for key in keys]}
            connection.execute(SQL["revoke_keys"], params)
        return [dataclasses.replace(key, revoked_at=now) for key in keys]

    def rotate(
        self, which: str, grace: timedelta, *, actor: str | None = None
    ) -> tuple[str, list[ApiKey]]:
        """Replace the valid keys with this id, prefix or name by one new key with the rights of the
        newest. Returns the new key's text and the old keys, which expire after the grace period."""
        now = datetime.now(UTC)
        with self._changing(actor) as connection:
            keys = _valid(connection, which, now)
            old = [api_keys.expiring(key, now, grace) for key in keys]
            text, key = api_keys.successor(keys[-1], _new_id(), now)
            for each in old:
                params = {"id": each.id, "expires_at": each.expires_at}
                connection.execute(SQL["expire_key"], params)
            _add(connection, key)
        return text, old

    def changes(
        self, key: str | None = None, *, before: int = 2**63 - 1, limit: int = 50
    ) -> list[dict[str, Json]]:
        """The record of changes, the newest first: of the keys with this id or name and those that
        replaced them, or of all."""
        params = {"key": key, "before": before, "limit": limit}
        with self._lend(Role.READER) as connection:
            rows = connection.execute(SQL["list_changes"], params).fetchall()
        return [_change(row) for row in rows]

    @contextmanager
    def _changing(self, actor: str | None) -> Generator[Connection]:
        """A transaction of the custodian whose changes are on record as the actor's."""
        with self._lend(Role.CUSTODIAN) as connection, connection.transaction():
            if actor is not None:
                connection.execute(SQL["set_actor"], {"actor": actor})
            yield connection

    def record_use(self, times: Mapping[str, datetime]) -> None:
        """Store the time of the last use of keys, by their ids."""
        params = {"ids": list(times), "times": list(times.values())}
        with self._lend(Role.READER) as connection:
            connection.execute(SQL["record_use"], params)


def _valid(connection: Connection, which: str, now: datetime) -> list[ApiKey]:
    rows = connection.execute(SQL["valid_keys"], {"which": which, "now": now}).fetchall()
    if not rows:
        raise NotFound(f"No working key has the id, prefix or name {which!r}. List them first.")
    return [_key(row) for row in rows]


def _add(connection: Connection, key: ApiKey) -> None:
    values = {name: getattr(key, name) for name in COLUMNS}
    bound = None if key.channels is None else list(key.channels)
    connection.execute(SQL["add_key"], {**values, "scopes": list(key.scopes), "channels": bound})


def _key(row: tuple[Any, ...]) -> ApiKey:
    columns: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    bound = columns["channels"]
    tuples = {
        "scopes": tuple(columns["scopes"]),
        "channels": None if bound is None else tuple(bound),
    }
    return ApiKey(**{**columns, **tuples})


def _change(row: tuple[Any, ...]) -> dict[str, Json]:
    columns = dict(zip(CHANGE_COLUMNS, row, strict=True))
    expires_at = columns["expires_at"]
    times = {
        "at": rfc3339(columns["at"]),
        "expires_at": None if expires_at is None else rfc3339(expires_at),
    }
    return {**columns, **times}


def _new_id() -> str:
    return str(uuid_utils.uuid7())
