"""Opens the sealed values in rendered answers, after the access was logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from oms_ledger.domain.personal import personal_names
from oms_ledger.domain.registry import EVENTS
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.privacy import disclosure, postgres
from oms_ledger.privacy.crypto import SAME_FIELD, DataKey, Unreadable
from oms_ledger.privacy.disclosure import FORGOTTEN, UNREADABLE, DisclosureRequest
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.view_groups import ViewGroups

AccessLogKeys = Callable[[Collection[str]], Collection[str]]
"""What the access log stores for the content of sensitive orders, shipments and drafts, by
their streams."""


PERSONAL_NAMES = frozenset(SAME_FIELD).union(*map(personal_names, EVENTS.values()))
"""The fields whose values are sealed. What looks like a sealed value in another field, such as the
note of an order, is what somebody wrote there."""


class Opener:
    """Opens answers of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache, access_log_keys: AccessLogKeys) -> None:
        self._lend = lend
        self._keys = keys
        self._access_log_keys = access_log_keys
        self.views = ViewGroups()

    def disclose(self, requests: Sequence[DisclosureRequest]) -> list[bytes]:
        """The rendered answers with their sealed values opened. The accesses are logged before,
        all of them in one commit."""
        self._keys.ledger_key()  # first: two connections at a time could be one too many
        of_orders = [set(self._access_log_keys(each.orders)) for each in requests]
        ids = {key for each in requests for key in disclosure.keys_in(each.rendered, each.only)}
        with self._lend(Role.READER) as connection:
            keys = self._keys_by_id(connection, ids)
            opened = [_opened(each, keys.get) for each in requests]
            accesses = [
                (request.access, self.views.unrecorded(request.access, used | others))
                for request, (_, used), others in zip(requests, opened, of_orders, strict=True)
            ]
            postgres.log_accesses(connection, [(access, used) for access, used in accesses if used])
        for access, used in accesses:
            self.views.recorded(access, used)
        return [rendered for rendered, _ in opened]

    def open_cached(self, request: DisclosureRequest) -> tuple[bytes, set[str]] | None:
        """The answer with its sealed values opened, and the ids of the keys that opened them, which
        the caller must log before it shows the answer; None unless all keys are in memory and
        known not to be destroyed."""
        if request.orders or not self._keys.is_fresh:
            return None
        try:
            return _opened(request, self._cached_key)
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
    request: DisclosureRequest, key_of: Callable[[str], DataKey | str | None]
) -> tuple[bytes, set[str]]:
    """The answer with its sealed values opened, and the ids of the keys that opened them. `key_of`
    gives the key of an id, the text in place of its values, or None where there is no such key."""
    used: set[str] = set()

    def open_value(key_id: str, sealed: str, name: str) -> str:
        if name not in PERSONAL_NAMES:
            return sealed
        key = key_of(key_id)
        if not isinstance(key, DataKey):
            return UNREADABLE if key is None else key
        try:
            text = key.open(sealed, name)
        except Unreadable:
            return UNREADABLE
        used.add(key_id)
        return text

    return disclosure.opened(request.rendered, open_value, request.only), used
