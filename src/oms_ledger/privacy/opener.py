"""Opens the sealed texts of answers, after the access was logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from oms_ledger.domain.personal import SEALED
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, Unreadable
from oms_ledger.privacy.disclosure import (
    FORGOTTEN,
    UNREADABLE,
    DisclosureRequest,
    SealedText,
    key_id_of,
)
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.view_groups import ViewGroups

AccessLogKeys = Callable[[Collection[str]], Collection[str]]
"""What the access log stores for the content of sensitive orders, shipments and drafts, by
their streams."""


class Opener:
    """Opens sealed texts of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache, access_log_keys: AccessLogKeys) -> None:
        self._lend = lend
        self._keys = keys
        self._access_log_keys = access_log_keys
        self.views = ViewGroups()

    def disclose(self, requests: Sequence[DisclosureRequest]) -> list[list[str]]:
        """The opened texts of each request, in order. The accesses are logged before, all of them
        in one commit."""
        self._keys.ledger_key()  # first: two connections at a time could be one too many
        of_orders = [set(self._access_log_keys(each.orders)) for each in requests]
        ids = {key_id_of(sealed) for each in requests for sealed, _ in each.texts}
        with self._lend(Role.READER) as connection:
            keys = self._keys_by_id(connection, ids)
            opened = [_opened(each.texts, keys.get) for each in requests]
            accesses = [
                (request.access, self.views.unrecorded(request.access, used | others))
                for request, (_, used), others in zip(requests, opened, of_orders, strict=True)
            ]
            postgres.log_accesses(connection, [(access, used) for access, used in accesses if used])
        for access, used in accesses:
            self.views.recorded(access, used)
        return [texts for texts, _ in opened]

    def open_cached(self, request: DisclosureRequest) -> tuple[list[str], set[str]] | None:
        """The opened texts in order, and the ids of the keys that opened them, which the caller
        must log before it shows any; None unless all keys are in memory and known not to be
        destroyed."""
        if request.orders or not self._keys.is_fresh:
            return None
        try:
            return _opened(request.texts, self._cached_key)
        except _NotCached:
            return None

    def _cached_key(self, key_id: str) -> DataKey:
        key = self._keys.cached(key_id)
        if key is None:
            raise _NotCached
        return key

    def _keys_by_id(self, connection: Connection, ids: Collection[str]) -> dict[str, DataKey | str]:
        """The key of each id; for a destroyed key the text that replaces its values; ids without
        a stored key are left out."""
        self._keys.refresh(connection)
        keys: dict[str, DataKey | str] = {}
        for key_id in ids:
            if (key := self._keys.cached(key_id)) is not None:
                keys[key_id] = key
        missing = [key_id for key_id in ids if key_id not in keys]
        if not missing:
            return keys
        stored = postgres.keys_by_id(connection, missing)
        keys |= {key.id: FORGOTTEN for key in stored if key.wrapped is None}
        living = [key for key in stored if key.wrapped is not None]
        added = self._keys.add(self._keys.ledger_key().ledger, living)
        return keys | {key.id: key for key in added}


class _NotCached(Exception):
    """A key is not in memory."""


def _opened(
    sealed: Sequence[SealedText], key_of: Callable[[str], DataKey | str | None]
) -> tuple[list[str], set[str]]:
    """The opened texts, and the ids of the keys that opened them. `key_of` gives the key of an id,
    the text in place of its values, or None where there is no such key."""
    used: set[str] = set()
    texts: list[str] = []
    key_id, key, start = "", None, "no text"
    for each in sealed:
        text, name = each
        if not text.startswith(start):  # one after another they are of one person
            key_id = key_id_of(text)
            key, start = key_of(key_id), f"{SEALED}{key_id}:"
        if not isinstance(key, DataKey):
            texts.append(UNREADABLE if key is None else key)
            continue
        opened = key.texts.get(each)
        if opened is None:
            try:
                opened = key.open(text, name)
            except Unreadable:
                texts.append(UNREADABLE)
                continue
        used.add(key_id)
        texts.append(opened)
    return texts, used
