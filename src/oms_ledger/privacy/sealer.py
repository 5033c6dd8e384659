"""Seals the personal values of commands before they are queued for the writer, so that the
writer's transaction neither waits for keys nor encrypts. Keys of new subjects are created many at
a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from oms_ledger.domain.personal import (
    Personal,
    SubjectCommand,
    change_personal,
    names_subject,
    person_of,
    personal_values,
)
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.kernel import Command
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, LedgerKey, new_keys
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.subjects import SubjectResolver


@dataclass(frozen=True, slots=True)
class _Need:
    """The key that a command needs: its subject, and the blinded e-mail addresses among the
    command's values, which the index must lead from to the key."""

    subject: str
    blinds: tuple[str, ...]


class CommandSealer:
    """Seals commands of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache, subjects: SubjectResolver) -> None:
        self._lend = lend
        self._keys = keys
        self._subjects = subjects

    def seal_cached(self, submissions: Sequence[Submission]) -> list[Submission] | None:
        """The submissions with their personal values sealed, from cached keys alone; None if the
        database is needed, in which case `seal` does it."""
        if any(names_subject(each.command) for each in submissions):
            return None
        ledger_key = self._keys.cached_ledger_key
        if ledger_key is None:
            return None if any(map(_needs_key, submissions)) else list(submissions)
        return self._seal_all(submissions, _needs(submissions, ledger_key), ledger_key)

    def seal(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions with their subjects resolved, missing keys created and their personal
        values sealed."""
        resolved = [self._with_subject(each) for each in submissions]
        if not any(map(_needs_key, resolved)):
            return resolved
        ledger_key = self._keys.ledger_key()
        needs = _needs(resolved, ledger_key)
        while (sealed := self._seal_all(resolved, needs, ledger_key)) is None:
            with self._lend(Role.WRITER) as connection:
                self._keys.refresh(connection)
                self._ensure_keys(connection, ledger_key, [n for n in needs if n is not None])
        return sealed

    def _with_subject(self, submission: Submission) -> Submission:
        if not names_subject(submission.command):
            return submission
        command = cast(SubjectCommand, submission.command)
        subject = self._subjects.resolve(command.subject_ref)
        return replace(submission, command=command.with_subject(subject))

    def _seal_all(
        self,
        submissions: Sequence[Submission],
        needs: Sequence[_Need | None],
        ledger_key: LedgerKey,
    ) -> list[Submission] | None:
        """None, before any is sealed, if a key is missing."""
        keys: list[DataKey | None] = []
        for need in needs:
            key = None if need is None else self._cached_key(need)
            if key is None and need is not None:
                return None
            keys.append(key)
        return [_sealed(each, key, ledger_key) for each, key in zip(submissions, keys, strict=True)]

    def _cached_key(self, need: _Need) -> DataKey | None:
        """The cached key, if the cache is fresh and the index is known to lead to the key."""
        if not self._keys.is_fresh:
            return None
        key = self._keys.ring.of(need.subject)
        return key if key is not None and key.blinds.issuperset(need.blinds) else None

    def _ensure_keys(
        self, connection: Connection, ledger_key: LedgerKey, needs: Sequence[_Need]
    ) -> None:
        """Create missing keys, and missing index entries from e-mail addresses to keys."""
        ring = self._keys.ring
        missing = [s for s in sorted({need.subject for need in needs}) if not ring.of(s)]
        new = new_keys(missing, datetime.now(UTC))
        pairs = sorted(
            {(b, n.subject) for n in needs for b in n.blinds if not self._is_indexed(b, n)}
        )
        if not new and not pairs:
            return
        wrapped = self._keys.wrapper.wrap([(key.id, key.key) for key in new])
        subjects = [key.subject for key in new]
        stored = postgres.ensure_keys(connection, list(zip(subjects, wrapped, strict=True)), pairs)
        data = {key.id: key.key for key in new}
        others = [k for k in stored if k.id not in data and not ring.by_id(k.id)]
        data |= {k.id: key for k, key in zip(others, self._keys.unwrapped(others), strict=True)}
        ring.add(
            DataKey.of(k.id, k.subject, ledger_key.ledger, data[k.id])
            for k in stored
            if k.id in data
        )
        for blind, subject in pairs:
            if (key := ring.of(subject)) is not None:
                key.blinds.add(blind)

    def _is_indexed(self, blind: str, need: _Need) -> bool:
        key = self._keys.ring.of(need.subject)
        return key is not None and blind in key.blinds


def sealed_with(command: Command, key: DataKey) -> Command:
    """The command with all its personal values sealed."""
    return change_personal(command, lambda value, name: Personal(key.seal(value.personal, name)))


def _sealed(submission: Submission, key: DataKey | None, ledger_key: LedgerKey) -> Submission:
    command, idempotency = submission.command, submission.idempotency
    if key is None and idempotency is None:
        return submission
    if key is not None:
        command = sealed_with(command, key)
    if idempotency is not None:
        fingerprint = ledger_key.fingerprint(idempotency.fingerprint)
        idempotency = replace(idempotency, fingerprint=fingerprint)
    return Submission(command, submission.ctx, idempotency, submission.expected, submission.dry_run)


def _needs_key(submission: Submission) -> bool:
    return submission.idempotency is not None or bool(personal_values(submission.command))


def _needs(submissions: Sequence[Submission], ledger_key: LedgerKey) -> list[_Need | None]:
    return [_need(each, ledger_key) for each in submissions]


def _need(submission: Submission, ledger_key: LedgerKey) -> _Need | None:
    values = personal_values(submission.command)
    if not values:
        return None
    person = person_of(submission.command, submission.ctx)
    emails = (value.personal for name, value in values if name == "email")
    blinds = tuple(ledger_key.blind(email) for email in emails if email.strip())
    if person.id:
        return _Need(f"customer:{person.id}", blinds)
    return _Need(f"email:{blinds[0]}" if blinds else person.fallback, blinds)
