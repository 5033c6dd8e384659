"""Seals what is nobody's personal data and still a secret: credentials at vendors, and the messages
that vendors send. Each subject, such as `connection:<name>`, has a data key of its own, which the
key-encryption key wraps as it does those of persons."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.personal import SEALED
from oms_ledger.engine.db.roles import Role
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, Unreadable, new_keys
from oms_ledger.privacy.key_cache import KeyCache, Lend


class SecretBox:
    """Used by any number of threads. Keys are stored by the writer's role and read by the
    reader's."""

    def __init__(self, lend: Lend, keys: KeyCache) -> None:
        self._lend = lend
        self._keys = keys

    def seal(self, subject: str, text: str, context: str) -> str:
        """Sealed under the key of the subject, which is made when it is first needed. It opens in
        the same `context` alone."""
        key = self._keys.ring.of(subject) if self._keys.is_fresh else None
        return (key or self._key_of(subject)).seal(text, context)

    def open(self, sealed: str, context: str) -> str:
        """`Unreadable` where the text was sealed in another context or was altered, or where its
        key was destroyed."""
        key_id = sealed.removeprefix(SEALED).partition(":")[0]
        if not self._keys.is_fresh:
            with self._lend(Role.READER) as connection:
                self._keys.refresh(connection)
        key = self._keys.ring.by_id(key_id) or self._key_by_id(key_id)
        if key is None:
            raise Unreadable
        return key.open_once(sealed, context)

    def _key_of(self, subject: str) -> DataKey:
        ledger = self._keys.ledger_key().ledger
        with self._lend(Role.WRITER) as connection:
            self._keys.refresh(connection)
            stored = postgres.living_keys(connection, [subject])
            if not stored:
                (new,) = new_keys([subject], datetime.now(UTC))
                (wrapped,) = self._keys.wrapper.wrap([(new.id, new.key)])
                stored = [postgres.ensure_key(connection, subject, wrapped)]
        (key,) = self._keys.add(ledger, stored)
        return key

    def _key_by_id(self, key_id: str) -> DataKey | None:
        ledger = self._keys.ledger_key().ledger
        with self._lend(Role.READER) as connection:
            stored = [key for key in postgres.keys_by_id(connection, [key_id]) if key.wrapped]
        keys = self._keys.add(ledger, stored)
        return keys[0] if keys else None
