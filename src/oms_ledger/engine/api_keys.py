"""Where API keys are kept."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import psycopg
import uuid_utils

from oms_ledger.domain.errors import NotFound
from oms_ledger.security.api_keys import ApiKey, new_key

Connection = psycopg.Connection[tuple[Any, ...]]

COLUMNS = "id, prefix, hash, name, created_at, revoked_at"
ADD = f"INSERT INTO api_keys ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
FIND = f"SELECT {COLUMNS} FROM api_keys WHERE prefix = %s"
LIST = f"SELECT {COLUMNS} FROM api_keys ORDER BY created_at, id"
NAMED = f"SELECT {COLUMNS} FROM api_keys WHERE %s IN (id, prefix, name) AND revoked_at IS NULL"
REVOKE = "UPDATE api_keys SET revoked_at = %s WHERE id = ANY(%s)"


def create(connection: Connection, name: str) -> str:
    """A new key of that name: its text, which is not kept."""
    text, key = new_key(str(uuid_utils.uuid7()), name, datetime.now(UTC))
    connection.execute(
        ADD, (key.id, key.prefix, key.hash, key.name, key.created_at, key.revoked_at)
    )
    return text


def find(connection: Connection, prefix: str) -> ApiKey | None:
    """The key with this prefix, revoked or not."""
    row = connection.execute(FIND, (prefix,)).fetchone()
    return None if row is None else ApiKey(*row)


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys there ever were, oldest first."""
    return [ApiKey(*row) for row in connection.execute(LIST).fetchall()]


def revoke(connection: Connection, which: str) -> list[ApiKey]:
    """Revoke the keys of this id, prefix or name; they stop working within seconds. `NotFound`
    where no key that still works is called that."""
    keys = [ApiKey(*row) for row in connection.execute(NAMED, (which,)).fetchall()]
    if not keys:
        raise NotFound(f"No working key has the id, prefix or name {which!r}. List them first.")
    now = datetime.now(UTC)
    connection.execute(REVOKE, (now, [key.id for key in keys]))
    return [dataclasses.replace(key, revoked_at=now) for key in keys]
