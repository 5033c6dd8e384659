"""Rotation of the key-encryption key: every data key is wrapped anew, none changes."""

from __future__ import annotations

from oms_ledger.engine.db.roles import Role
from oms_ledger.privacy import postgres
from oms_ledger.privacy.key_cache import KeyCache, Lend

PAGE_SIZE = 1000


def rewrap_all(lend: Lend, keys: KeyCache) -> int:
    """Wrap every data key by a new key-encryption key; returns how many were wrapped."""
    keys.wrapper.renew()
    count = 0
    while True:
        with lend(Role.CUSTODIAN) as connection, connection.transaction():
            stored = postgres.keys_to_rewrap(connection, keys.wrapper.current(), PAGE_SIZE)
            data = keys.unwrapped(stored)
            named = [(key.id, each) for key, each in zip(stored, data, strict=True)]
            postgres.rewrap_keys(connection, keys.wrapper.wrap(named))
        if not stored:
            return count
        count += len(stored)
