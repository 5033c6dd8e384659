"""Resolves references to data subjects: a customer's id, an e-mail address, or a record's name."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.customers.state import GUEST, ORDER
from oms_ledger.domain.personal import ResolvedSubject, with_fields
from oms_ledger.engine.db.roles import Role
from oms_ledger.kernel import Query
from oms_ledger.privacy import postgres
from oms_ledger.privacy.key_cache import KeyCache, Lend

UNKNOWN_ADDRESS = f"{GUEST}nobody"
"""The record of an e-mail address without a key; nothing is ever written to it."""


class SubjectResolver:
    """Resolves data subjects of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache) -> None:
        self._lend = lend
        self._keys = keys

    def resolve(self, subject_ref: str) -> ResolvedSubject:
        """The data subject of a reference. An e-mail address is looked up by its blind. The result
        never contains the address itself, whether the address is known or not."""
        blind = self._keys.ledger_key().blind(subject_ref) if "@" in subject_ref else None
        key = subject_ref.removeprefix(GUEST) if subject_ref.startswith(GUEST) else None
        subjects = [key_subject(subject_ref)] + ([f"email:{blind}"] if blind else [])
        with self._lend(Role.READER) as connection:
            parts = postgres.resolve_subject(connection, subjects, key)
        own, touched, sharing = parts["own"], parts["touched"], parts["sharing"]
        record = subject_ref
        if key or blind:
            record = _record(*own[0]) if own else subject_ref if key else UNKNOWN_ADDRESS
        keys = _ids(touched)
        held_by = {record, *(f"{GUEST}{key_id}" for key_id in keys)}
        held_by |= {_record(*each) for each in touched + sharing}
        return ResolvedSubject(record, _ids(own), keys, tuple(sorted(held_by)))

    def resolve_query(self, query: Query, params: object) -> object:
        """The parameters of a query, with an e-mail address in the parameter `searches_email`
        replaced by `@` and its blind, and one in the parameter `subject` by its record."""
        changed: dict[str, object] = {}
        if email := _email_in(params, query.searches_email):
            changed[str(query.searches_email)] = f"@{self._keys.ledger_key().blind(email)}"
        if email := _email_in(params, query.subject):
            changed[str(query.subject)] = self.resolve(email).record
        return with_fields(params, **changed) if changed else params


def key_subject(record: str) -> str:
    """The subject of the keys of a record: an order itself, otherwise a customer."""
    return record if record.startswith(ORDER) else f"customer:{record}"


def _email_in(params: object, name: str | None) -> str | None:
    """The e-mail address in a parameter; None if it holds something else."""
    text = None if name is None else getattr(params, name)
    return text if isinstance(text, str) and "@" in text else None


def _ids(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(key_id for key_id, _ in rows)


def _record(key_id: str, subject: str) -> str:
    """The record of a key's subject. E-mail addresses never become part of a record's name, even
    if a customer's id is one."""
    kind, _, name = subject.partition(":")
    if kind == "order":
        return subject
    return name if kind == "customer" and "@" not in name else f"{GUEST}{key_id}"
