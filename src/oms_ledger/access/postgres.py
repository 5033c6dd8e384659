"""Where API keys are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils

from oms_ledger.access import api_keys
from oms_ledger.access.api_keys import ApiKey
from oms_ledger.domain.errors import NotFound
from oms_ledger.engine.db.connection import Connection

NAMES = [field.name for field in dataclasses.fields(ApiKey)]
COLUMNS = ", ".join(NAMES)
ADD = f"INSERT INTO api_keys ({COLUMNS}) VALUES ({', '.join(['%s'] * len(NAMES))})"
FIND = f"SELECT {COLUMNS} FROM api_keys WHERE prefix = %s"
LIST = f"SELECT {COLUMNS} FROM api_keys ORDER BY created_at, id"
NAMED = f"""
SELECT {COLUMNS} FROM api_keys
WHERE %s IN (id, prefix, name) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)
ORDER BY created_at, id FOR UPDATE"""
REVOKE = "UPDATE api_keys SET revoked_at = %s WHERE id = ANY(%s)"
EXPIRE = "UPDATE api_keys SET expires_at = %s WHERE id = %s"
USED = """
UPDATE api_keys AS k SET last_used_at = used.at
FROM unnest(%s::text[], %s::timestamptz[]) AS used (id, at)
WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)"""


def create(
    connection: Connection,
    name: str,
    *,
    ledger: str,
    role: str | None,
    scopes: Collection[str] = (),
    lifetime: timedelta | None = None,
) -> str:
    """A new key of that name: its text, which is not kept."""
    now = datetime.now(UTC)
    text, key = api_keys.new_key(
        _new_id(),
        name,
        now,
        ledger=ledger,
        role=role,
        scopes=scopes,
        expires_at=None if lifetime is None else now + lifetime,
    )
    _add(connection, key)
    return text


def find(connection: Connection, prefix: str) -> ApiKey | None:
    """The key with this prefix, revoked or not."""
    row = connection.execute(FIND, (prefix,)).fetchone()
    return None if row is None else _key(row)


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys there ever were, oldest first."""
    return [_key(row) for row in connection.execute(LIST).fetchall()]


def revoke(connection: Connection, which: str) -> list[ApiKey]:
    """Revoke the keys of this id, prefix or name; they stop working within seconds. `NotFound`
    where no key that still works is called that."""
    now = datetime.now(UTC)
    with connection.transaction():
        keys = _working(connection, which, now)
        connection.execute(REVOKE, (now, [key.id for key in keys]))
    return [dataclasses.replace(key, revoked_at=now) for key in keys]


def rotate(connection: Connection, which: str, grace: timedelta) -> tuple[str, list[ApiKey]]:
    """A new key in the place of those of this id, prefix or name, with the rights of the newest:
    its text, and the old ones, which work for the grace period and no longer."""
    now = datetime.now(UTC)
    with connection.transaction():
        working = _working(connection, which, now)
        old = [api_keys.fading(key, now, grace) for key in working]
        text, key = api_keys.successor(working[-1], _new_id(), now)
        for each in old:
            connection.execute(EXPIRE, (each.expires_at, each.id))
        _add(connection, key)
    return text, old


def used(connection: Connection, when: Mapping[str, datetime]) -> None:
    """Note when keys, by their ids, were last used."""
    connection.execute(USED, (list(when), list(when.values())))


def _working(connection: Connection, which: str, now: datetime) -> list[ApiKey]:
    keys = [_key(row) for row in connection.execute(NAMED, (which, now)).fetchall()]
    if not keys:
        raise NotFound(f"No working key has the id, prefix or name {which!r}. List them first.")
    return keys


def _add(connection: Connection, key: ApiKey) -> None:
    values = [getattr(key, name) for name in NAMES]
    connection.execute(ADD, [list(v) if isinstance(v, tuple) else v for v in values])


def _key(row: tuple[Any, ...]) -> ApiKey:
    columns: dict[str, Any] = dict(zip(NAMES, row, strict=True))
    return ApiKey(**{**columns, "scopes": tuple(columns["scopes"])})


def _new_id() -> str:
    return str(uuid_utils.uuid7())
