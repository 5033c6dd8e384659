"""Seals the personal values of commands before they are queued for the writer, so that the
writer's transaction neither waits for keys nor encrypts. Keys of new subjects are made many at a
time, and stored by the writer together with the events that need them: a command that is refused
leaves none."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, cast

from oms_ledger.domain.personal import (
    BlindedCommand,
    OrderPersonCommand,
    Personal,
    PersonalCommand,
    SubjectCommand,
    change_personal,
    emails_to_blind,
    lacks_person,
    names_subject,
    person_id_of,
    person_of,
    personal_values,
)
from oms_ledger.domain.texts import forms
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.store import SubjectKeyRow
from oms_ledger.engine.write.submissions import KeyRows, Submission
from oms_ledger.kernel import Command
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, LedgerKey, new_keys
from oms_ledger.privacy.key_cache import KeyCache, Lend, PendingKey
from oms_ledger.privacy.subjects import SubjectResolver


@dataclass(frozen=True, slots=True)
class _Need:
    """The key that a command needs: its subject, and the blinded e-mail addresses among the
    command's values, which the index must lead from to the key."""

    subject: str
    blinds: tuple[str, ...]


class _Key(NamedTuple):
    """A key to seal with, and what the writer is to store of it; None where that is stored."""

    key: DataKey
    rows: KeyRows | None


class CommandSealer:
    """Seals commands of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache, subjects: SubjectResolver) -> None:
        self._lend = lend
        self._keys = keys
        self._subjects = subjects

    def seal_cached(self, submissions: Sequence[Submission]) -> list[Submission] | None:
        """The submissions with their personal values sealed, from cached keys alone; None if the
        database is needed, in which case `seal` does it."""
        if any(names_subject(each.command) or lacks_person(each.command) for each in submissions):
            return None
        if any(self._uncertain_ids(submissions)):
            return None
        ledger_key = self._keys.cached_ledger_key
        if ledger_key is None:
            return None if any(map(_needs_key, submissions)) else list(submissions)
        return self._seal_all(submissions, _needs(submissions, ledger_key), ledger_key)

    def seal(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions with their subjects resolved and their personal values sealed. A key that
        is new is stored by the writer, together with the events."""
        resolved = self._with_stored_ids([self._with_subject(each) for each in submissions])
        if not any(map(_needs_key, resolved)):
            return resolved
        ledger_key = self._keys.ledger_key()
        needs = _needs(resolved, ledger_key)
        while (sealed := self._seal_all(resolved, needs, ledger_key)) is None:
            with self._lend(Role.WRITER) as connection:
                self._keys.refresh(connection)
                self._find_keys(connection, ledger_key, {n.subject for n in needs if n is not None})
        return sealed

    def seal_again(self, submission: Submission) -> Submission:
        """As `seal`, after the writer has refused the new key that the submission was sealed with
        (`KeySuperseded`)."""
        need = _need(submission, self._keys.ledger_key())
        if need is not None:
            self._keys.pending.drop(need.subject)
        (sealed,) = self.seal([submission])
        return sealed

    def _with_subject(self, submission: Submission) -> Submission:
        if lacks_person(submission.command):
            about = cast(OrderPersonCommand, submission.command)
            person = self._subjects.person_of_order(about.order_id)
            return replace(submission, command=about.with_person(person))
        if not names_subject(submission.command):
            return submission
        command = cast(SubjectCommand, submission.command)
        subject = self._subjects.resolve(command.subject_ref)
        return replace(submission, command=command.with_subject(subject))

    def _uncertain_ids(self, submissions: Sequence[Submission]) -> list[str | None]:
        """The id of each command's person where it may be stored in another form than it was put
        into: no key of a customer with the id itself is known, and it has other forms."""
        ids = [person_id_of(each.command) for each in submissions]
        return [None if one is None or self._is_plain(one) else one for one in ids]

    def _is_plain(self, person_id: str) -> bool:
        if person_id.isascii():
            return True
        subject, keys = f"customer:{person_id}", self._keys
        return bool(keys.ring.of(subject) or keys.pending.of(subject))

    def _with_stored_ids(self, submissions: list[Submission]) -> list[Submission]:
        """The submissions with persons' ids in the form in which there are keys of them: customers
        of before ids were put into one form keep their ids."""
        ids = self._uncertain_ids(submissions)
        if not any(ids):
            return submissions
        subjects = {f"customer:{form}" for one in ids if one for form in forms(one)}
        with self._lend(Role.READER) as connection:
            living = {key.subject for key in postgres.living_keys(connection, subjects)}
        return [
            each if one is None else _with_stored_id(each, one, living)
            for each, one in zip(submissions, ids, strict=True)
        ]

    def _seal_all(
        self,
        submissions: Sequence[Submission],
        needs: Sequence[_Need | None],
        ledger_key: LedgerKey,
    ) -> list[Submission] | None:
        """None, before any is sealed, if a key is missing."""
        keys: list[_Key | None] = []
        for need in needs:
            key = None if need is None else self._cached_key(need)
            if key is None and need is not None:
                return None
            keys.append(key)
        return [_sealed(each, key, ledger_key) for each, key in zip(submissions, keys, strict=True)]

    def _cached_key(self, need: _Need) -> _Key | None:
        """The cached key, if the cache is fresh, or one that is not stored yet."""
        if not self._keys.is_fresh:
            return None
        key, row = self._keys.ring.of(need.subject), None
        if key is None:
            pending = self._keys.pending.of(need.subject)
            if pending is None:
                return None
            key, row = pending.key, pending.row
        blinds = [blind for blind in need.blinds if blind not in key.blinds]
        if row is None and not blinds:
            return _Key(key, None)
        pairs = [(blind, key.id) for blind in blinds]
        return _Key(key, KeyRows(row, pairs, partial(self._stored, key, blinds)))

    def _stored(self, key: DataKey, blinds: Sequence[str]) -> None:
        """Note that a key, and entries of the index that lead to it, are stored."""
        key.blinds.update(blinds)
        pending = self._keys.pending.of(key.subject)
        if pending is not None and pending.key is key:
            self._keys.ring.add([key])
            self._keys.pending.drop(key.subject)

    def _find_keys(
        self, connection: Connection, ledger_key: LedgerKey, subjects: Collection[str]
    ) -> None:
        """Cache the stored keys of subjects, and make pending ones for those without."""
        keys = self._keys
        missing = [s for s in sorted(subjects) if not keys.ring.of(s) and not keys.pending.of(s)]
        if not missing:
            return
        stored = postgres.living_keys(connection, missing)
        if stored:
            keys.add(ledger_key.ledger, stored)
        newcomers = sorted({*missing} - {key.subject for key in stored})
        if not newcomers:
            return
        new = new_keys(newcomers, datetime.now(UTC))
        wrapped = keys.wrapper.wrap([(key.id, key.key) for key in new])
        now = time.monotonic()
        keys.pending.add(
            PendingKey(
                DataKey.of(key.id, key.subject, ledger_key.ledger, key.key),
                SubjectKeyRow(key.id, key.subject, under.wrapped, under.kek),
                now,
            )
            for key, under in zip(new, wrapped, strict=True)
        )


def _with_stored_id(submission: Submission, person_id: str, living: set[str]) -> Submission:
    stored = next((form for form in forms(person_id) if f"customer:{form}" in living), person_id)
    if stored == person_id:
        return submission
    command = cast(PersonalCommand, submission.command).with_person_id(stored)
    return replace(submission, command=command)


def sealed_with(command: Command, key: DataKey) -> Command:
    """The command with all its personal values sealed."""
    return change_personal(command, lambda value, name: Personal(key.seal(value.personal, name)))


def _sealed(submission: Submission, key: _Key | None, ledger_key: LedgerKey) -> Submission:
    command, idempotency = submission.command, submission.idempotency
    emails = [email for email in emails_to_blind(command) if email.strip()]
    if key is None and idempotency is None and not emails:
        return submission
    if emails:
        command = cast(BlindedCommand, command).with_blinds(list(map(ledger_key.blind, emails)))
    if key is not None:
        command = sealed_with(command, key.key)
    if idempotency is not None:
        fingerprint = ledger_key.fingerprint(idempotency.fingerprint)
        idempotency = replace(idempotency, fingerprint=fingerprint)
    rows = None if key is None else key.rows
    return replace(submission, command=command, idempotency=idempotency, keys=rows)


def _needs_key(submission: Submission) -> bool:
    command = submission.command
    if submission.idempotency is not None or personal_values(command):
        return True
    return bool(emails_to_blind(command))


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
