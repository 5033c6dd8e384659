"""The data keys that a process holds in memory, shared by sealing, opening and erasure.

A key that any process destroyed is dropped from every process within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.store import SubjectKeyRow
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, Keyring, LedgerKey, new_keys
from oms_ledger.privacy.keks.local import KekFile, KeyWrapper
from oms_ledger.privacy.postgres import LEDGER, SubjectKey

REFRESH_SECONDS = 3.0
"""A destroyed key is used by other processes for at most this long."""

KEYS_CACHED_MAX = 20_000

KEYS_PENDING_MAX = 10_000

PENDING_SECONDS = 60.0
"""How long a key is offered that was made for a command and is not stored yet. Longer, and the
key-encryption key that wraps it might be gone before it is stored."""

Lend = Callable[[Role], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A new data key, and the row to store with the first command that needs it. `made_at`:
    monotonic seconds."""

    key: DataKey
    row: SubjectKeyRow
    made_at: float


class PendingKeys:
    """New data keys that are not known to be stored. All commands of one subject that are under way
    share one. Beyond `most` the oldest are dropped."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: dict[str, PendingKey] = {}
        self._by_id: dict[str, PendingKey] = {}
        self._lock = Lock()

    def of(self, subject: str) -> PendingKey | None:
        pending = self._of.get(subject)
        if pending is None or time.monotonic() - pending.made_at > PENDING_SECONDS:
            return None
        return pending

    def by_id(self, key_id: str) -> DataKey | None:
        pending = self._by_id.get(key_id)
        return None if pending is None else pending.key

    def add(self, keys: Iterable[PendingKey]) -> None:
        """Add keys for subjects that have none here."""
        with self._lock:
            for each in keys:
                if self.of(each.key.subject) is None:
                    self._drop(each.key.subject)
                    self._of[each.key.subject] = self._by_id[each.key.id] = each
            while len(self._of) > self._most:
                self._drop(next(iter(self._of)))

    def drop(self, subject: str) -> None:
        with self._lock:
            self._drop(subject)

    def _drop(self, subject: str) -> None:
        pending = self._of.pop(subject, None)
        if pending is not None:
            self._by_id.pop(pending.key.id, None)


class KeyCache:
    """Unwrapped data keys and the ledger's own key. Used by any number of threads. `lend` lends a
    connection that acts as a role; `wrapper` wraps and unwraps data keys."""

    def __init__(self, lend: Lend, wrapper: KeyWrapper) -> None:
        self.ring = Keyring(KEYS_CACHED_MAX)
        self.pending = PendingKeys(KEYS_PENDING_MAX)
        self.wrapper = wrapper
        self._lend = lend
        self._ledger_key: LedgerKey | None = None
        self._fresh_until = 0.0
        self._opening = Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the destroyed keys were dropped less than `REFRESH_SECONDS` ago."""
        return time.monotonic() <= self._fresh_until

    def refresh(self, connection: Connection) -> None:
        """Unless the cache is fresh, drop the keys that any process has destroyed."""
        if not self.is_fresh:
            self.ring.drop(postgres.destroyed_keys(connection))
            self._fresh_until = time.monotonic() + REFRESH_SECONDS

    def cached(self, key_id: str) -> DataKey | None:
        """A key in memory, be it stored or not yet."""
        return self.ring.by_id(key_id) or self.pending.by_id(key_id)

    def unwrapped(self, keys: Sequence[SubjectKey]) -> list[bytes]:
        return self.wrapper.unwrap([key.wrapped_key for key in keys])

    @property
    def cached_ledger_key(self) -> LedgerKey | None:
        return self._ledger_key

    def ledger_key(self) -> LedgerKey:
        """The ledger's own key, created when it is first needed."""
        with self._opening:
            if self._ledger_key is None:
                with self._lend(Role.WRITER) as connection:
                    self._ledger_key = self._read_ledger_key(connection)
            return self._ledger_key

    def _read_ledger_key(self, connection: Connection) -> LedgerKey:
        stored = postgres.living_keys(connection, [LEDGER])
        if not stored:
            if isinstance(self.wrapper, KekFile):
                self.wrapper.make()
            (new,) = new_keys([LEDGER], datetime.now(UTC))
            (wrapped,) = self.wrapper.wrap([(new.id, new.key)])
            stored = [postgres.ensure_key(connection, LEDGER, wrapped)]
        (key,) = self.unwrapped(stored)
        return LedgerKey(postgres.ledger_id(connection), key)

    def add(self, ledger: str, keys: Sequence[SubjectKey]) -> list[DataKey]:
        """Unwrap stored keys and cache them."""
        unwrapped = zip(keys, self.unwrapped(keys), strict=True)
        added = [DataKey.of(key.id, key.subject, ledger, data) for key, data in unwrapped]
        self.ring.add(added)
        return added
