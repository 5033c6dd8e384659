"""Seals the personal values of commands before they are queued for the writer, so that the
writer's transaction neither waits for keys nor encrypts. Keys of new subjects are made many at a
time, and stored by the writer together with the events that need them: a command that is refused
leaves none."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, cast

from msgspec.structs import replace

from oms_ledger.domain.personal import (
    BlindedCommand,
    Personal,
    change_personal,
    emails_to_blind,
    person_of,
    personal_values,
)
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.store import SubjectKeyRow
from oms_ledger.engine.write.submissions import KeyRows, Submission
from oms_ledger.kernel import Command
from oms_ledger.privacy import postgres
from oms_ledger.privacy.crypto import DataKey, LedgerKey, new_keys
from oms_ledger.privacy.key_cache import KeyCache, Lend, PendingKey


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
    """Seals commands of one ledger, whose subjects are resolved. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache) -> None:
        self._lend = lend
        self._keys = keys

    def seal_cached(self, submissions: Sequence[Submission]) -> list[Submission] | None:
        """The submissions with their personal values sealed, from cached keys alone; None if the
        database is needed, in which case `seal` does it."""
        ledger_key = self._keys.cached_ledger_key
        if ledger_key is None:
            return None if any(map(_needs_key, submissions)) else list(submissions)
        return self._seal_all(submissions, _needs(submissions, ledger_key), ledger_key)

    def seal(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions with their personal values sealed. A key that is new is stored by the
        writer, together with the events."""
        if not any(map(_needs_key, submissions)):
            return list(submissions)
        ledger_key = self._keys.ledger_key()
        needs = _needs(submissions, ledger_key)
        while (sealed := self._seal_all(submissions, needs, ledger_key)) is None:
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
