"""What becomes of personal values on their way in and out.

Sealing is done before a command goes to the writer, so that its one transaction neither waits for
keys nor works for them. Keys are kept in each process; those of newcomers are made many at a time.
A destroyed key is out of use everywhere within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import cast

from oms_ledger.domain.personal import (
    Known,
    NamesAPerson,
    Personal,
    change_personal,
    forgets_a_person,
    names_a_person,
    person_of,
    personal_values,
    with_fields,
)
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import positions
from oms_ledger.engine.write.submissions import Outcome, Submission
from oms_ledger.kernel import Command, Position
from oms_ledger.privacy import disclosure, erasure, postgres
from oms_ledger.privacy.crypto import DataKey, Keyring, LedgerKey, Unreadable, new_keys
from oms_ledger.privacy.disclosure import FORGOTTEN, UNREADABLE, Access, Sight
from oms_ledger.privacy.keks.local import KekFile, KeyEncryption
from oms_ledger.privacy.postgres import LEDGER, StoredKey

REMEMBER_SECONDS = 3.0
"""A destroyed key is used at most this long, everywhere."""

KEYS_KEPT = 20_000

Lend = Callable[[Role], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Whose the values of a command are, and the e-mail addresses among them, blinded."""

    subject: str
    blinds: tuple[str, ...]


class Vault:
    """Seals and opens for one ledger; used by any number of threads. `lend` lends a connection
    that acts as a role: keys are made and destroyed by the writer, looked up by the reader, and
    wrapped anew by their custodian."""

    def __init__(self, lend: Lend, keks: KeyEncryption) -> None:
        self._lend = lend
        self._keks = keks
        self._ring = Keyring(KEYS_KEPT)
        self._own: LedgerKey | None = None
        self._fresh_until = 0.0
        self._opening = Lock()

    # Sealing.

    def at_once(self, submissions: Sequence[Submission]) -> list[Submission] | None:
        """The submissions as the writer may have them; None where the database must be asked
        first, and `seal` can tell."""
        if any(names_a_person(each.command) for each in submissions):
            return None
        own = self._own
        if own is None:
            return None if any(map(_needs_a_key, submissions)) else list(submissions)
        return self._all_sealed(submissions, _claims(submissions, own), own)

    def seal(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions as the writer may have them, once keys are there and persons found."""
        left = [self._found(each) for each in submissions]
        if not any(map(_needs_a_key, left)):
            return left
        own = self.ledger_key()
        claims = _claims(left, own)
        while (sealed := self._all_sealed(left, claims, own)) is None:
            with self._lend(Role.WRITER) as connection:
                self._refresh(connection)
                self._make(connection, own, [claim for claim in claims if claim is not None])
        return sealed

    def _all_sealed(
        self, submissions: Sequence[Submission], claims: Sequence[_Claim | None], own: LedgerKey
    ) -> list[Submission] | None:
        """None, before anything is sealed, where a key is missing."""
        keys: list[DataKey | None] = []
        for claim in claims:
            key = None if claim is None else self._key(claim)
            if key is None and claim is not None:
                return None
            keys.append(key)
        return [_sealed(each, key, own) for each, key in zip(submissions, keys, strict=True)]

    def _key(self, claim: _Claim) -> DataKey | None:
        """The key, if it is at hand, still holds, and the index leads to it."""
        if time.monotonic() > self._fresh_until:
            return None
        key = self._ring.of(claim.subject)
        return key if key is not None and key.blinds.issuperset(claim.blinds) else None

    def _make(self, connection: Connection, own: LedgerKey, claims: Sequence[_Claim]) -> None:
        """Make what is missing: keys, and ways from e-mail addresses to them."""
        missing = [s for s in sorted({c.subject for c in claims}) if not self._ring.of(s)]
        new = new_keys(missing, datetime.now(UTC))
        pairs = sorted({(b, c.subject) for c in claims for b in c.blinds if not self._leads(b, c)})
        if not new and not pairs:
            return
        wrapped = self._keks.wrap([(key.id, key.key) for key in new])
        subjects = [key.subject for key in new]
        kept = postgres.ensure(connection, list(zip(subjects, wrapped, strict=True)), pairs)
        data = {key.id: key.key for key in new}
        others = [k for k in kept if k.id not in data and not self._ring.by_id(k.id)]
        data |= {k.id: key for k, key in zip(others, self._unwrapped(others), strict=True)}
        self._ring.add(
            DataKey.of(k.id, k.subject, own.ledger, data[k.id]) for k in kept if k.id in data
        )
        for blind, subject in pairs:
            if (key := self._ring.of(subject)) is not None:
                key.blinds.add(blind)

    def _leads(self, blind: str, claim: _Claim) -> bool:
        key = self._ring.of(claim.subject)
        return key is not None and blind in key.blinds

    def ledger_key(self) -> LedgerKey:
        """The ledger's own key, made when it is first needed."""
        with self._opening:
            if self._own is None:
                with self._lend(Role.WRITER) as connection:
                    self._own = self._ledger_key(connection)
            return self._own

    def _ledger_key(self, connection: Connection) -> LedgerKey:
        kept = postgres.living(connection, [LEDGER])
        if not kept:
            if isinstance(self._keks, KekFile):
                self._keks.make()
            (new,) = new_keys([LEDGER], datetime.now(UTC))
            (wrapped,) = self._keks.wrap([(new.id, new.key)])
            kept = postgres.ensure(connection, [(LEDGER, wrapped)])
        (key,) = self._unwrapped(kept)
        return LedgerKey(postgres.ledger_id(connection), key)

    def _unwrapped(self, keys: Sequence[StoredKey]) -> list[bytes]:
        return self._keks.unwrap([key.sealed for key in keys])

    def _refresh(self, connection: Connection) -> None:
        """Let go of keys that were destroyed meanwhile, anywhere."""
        if time.monotonic() > self._fresh_until:
            self._ring.drop(postgres.destroyed(connection))
            self._fresh_until = time.monotonic() + REMEMBER_SECONDS

    # Opening.

    def show(
        self,
        rendered: bytes,
        access: Access,
        only: str | None = None,
        also: Collection[str] = (),
    ) -> bytes:
        """A rendered answer with what is sealed in it opened, once it is on record who is shown
        it. With `only`, in fields of that name; the rest is masked. `also` stands for what else
        is in it that goes on record."""
        return self.show_many([Sight(rendered, access, only, also)])[0]

    def show_many(self, sights: Sequence[Sight]) -> list[bytes]:
        """The same for many at a time, who share one commit."""
        self.ledger_key()  # first: two connections at a time could be one too many
        ids = {key for each in sights for key in disclosure.keys_in(each.rendered, each.only)}
        with self._lend(Role.READER) as connection:
            known = self._known(connection, ids)
            opened = [_opened(each, known) for each in sights]
            seen = [(each.access, keys) for each, (_, keys) in zip(sights, opened, strict=True)]
            postgres.record(connection, [(access, keys) for access, keys in seen if keys])
        return [shown for shown, _ in opened]

    def _known(self, connection: Connection, ids: Collection[str]) -> dict[str, DataKey | str]:
        """Of each id that there is its key, or what to say of it."""
        self._refresh(connection)
        known: dict[str, DataKey | str] = {}
        for key_id in ids:
            if (key := self._ring.by_id(key_id)) is not None:
                known[key_id] = key
        missing = [key_id for key_id in ids if key_id not in known]
        if not missing:
            return known
        stored = postgres.find(connection, missing)
        known |= {key.id: FORGOTTEN for key in stored if key.wrapped is None}
        living = [key for key in stored if key.wrapped is not None]
        ledger = self.ledger_key().ledger
        found = [
            DataKey.of(key.id, key.subject, ledger, data)
            for key, data in zip(living, self._unwrapped(living), strict=True)
        ]
        self._ring.add(found)
        return known | {key.id: key for key in found}

    # Forgetting.

    def _found(self, submission: Submission) -> Submission:
        """With the person that the command names looked up."""
        if not names_a_person(submission.command):
            return submission
        command = cast(NamesAPerson, submission.command)
        return replace(submission, command=command.found(self.known(command.whom)))

    def known(self, whom: str) -> Known:
        """Somebody by a customer's id, an e-mail address or the name of a record."""
        blind = self.ledger_key().blind(whom) if "@" in whom else None
        with self._lend(Role.READER) as connection:
            return erasure.known(connection, whom, blind)

    def asked(self, params: object) -> object:
        """What a query asks for, with an e-mail address in it replaced by what the index and the
        records have in its place."""
        q = getattr(params, "q", None)
        if q is not None and "@" in q:
            return with_fields(params, q=f"@{self.ledger_key().blind(q)}")
        whom = getattr(params, "customer_id", None)
        if whom is not None and "@" in whom:
            return with_fields(params, customer_id=self.known(whom).record)
        return params

    def carry_out(self, command: Command, outcome: Outcome) -> None:
        """Do what the receipt says that a command has written, by now or when it was first asked
        for. Before this nothing is lost, and after a crash `finish` makes up for it."""
        if not (forgets_a_person(command) and outcome.wrote):
            return
        with self._lend(Role.WRITER) as connection:
            receipt = erasure.receipt_at(connection, outcome.position)
            ids = erasure.carry_out(connection, receipt)
        self._ring.drop(ids)

    def finish(self, after: Position = 0) -> tuple[int, Position]:
        """Carry out every receipt after a position: how many keys nobody had destroyed, and the
        position up to which that was looked for."""
        count = 0
        with self._lend(Role.WRITER) as connection:
            head = positions.head(connection)
            for some in erasure.receipts(connection, after, head):
                ids = erasure.carry_out(connection, some)
                self._ring.drop(ids)
                count += len(ids)
        return count, head

    def rewrap(self, at_once: int = 1000) -> int:
        """Have every key wrapped by a key-encryption key that was not in use; how many are."""
        self._keks.renew()
        count = 0
        while True:
            with self._lend(Role.CUSTODIAN) as connection, connection.transaction():
                keys = postgres.wrapped_otherwise(connection, self._keks.current(), at_once)
                data = self._unwrapped(keys)
                named = [(key.id, each) for key, each in zip(keys, data, strict=True)]
                postgres.rewrap(connection, self._keks.wrap(named))
            if not keys:
                return count
            count += len(keys)


def _opened(sight: Sight, known: Mapping[str, DataKey | str]) -> tuple[bytes, set[str]]:
    """What is shown, and the keys that opened it."""
    seen = set(sight.also)

    def opening(key_id: str, sealed: str, name: str) -> str:
        key = known.get(key_id)
        if not isinstance(key, DataKey):
            return UNREADABLE if key is None else key
        try:
            text = key.open(sealed, name)
        except Unreadable:
            return UNREADABLE
        seen.add(key_id)
        return text

    return disclosure.opened(sight.rendered, opening, sight.only), seen


def sealed_with(command: Command, key: DataKey) -> Command:
    """The command with everything personal in it sealed."""
    return change_personal(command, lambda value, name: Personal(key.seal(value.personal, name)))


def _sealed(submission: Submission, key: DataKey | None, own: LedgerKey) -> Submission:
    command, once = submission.command, submission.idempotency
    if key is None and once is None:
        return submission
    if key is not None:
        command = sealed_with(command, key)
    if once is not None:
        once = replace(once, fingerprint=own.fingerprint(once.fingerprint))
    return Submission(command, submission.ctx, once, submission.expected, submission.dry_run)


def _needs_a_key(submission: Submission) -> bool:
    return submission.idempotency is not None or bool(personal_values(submission.command))


def _claims(submissions: Sequence[Submission], own: LedgerKey) -> list[_Claim | None]:
    return [_claim(each, own) for each in submissions]


def _claim(submission: Submission, own: LedgerKey) -> _Claim | None:
    values = personal_values(submission.command)
    if not values:
        return None
    person = person_of(submission.command, submission.ctx)
    emails = (value.personal for name, value in values if name == "email")
    blinds = tuple(own.blind(email) for email in emails if email.strip())
    if person.id:
        return _Claim(f"customer:{person.id}", blinds)
    return _Claim(f"email:{blinds[0]}" if blinds else person.otherwise, blinds)
