"""Resolves references to data subjects in commands and queries: a customer's id, an e-mail address,
or a record's name; and the accounts of store credit that these name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from oms_ledger.domain.customers.state import GUEST, ORDER, RESERVED, record_of
from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.orders.edits import terms_agreed
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import (
    DraftEmailsCommand,
    OrderPersonCommand,
    Person,
    Personal,
    PersonalCommand,
    ResolvedSubject,
    SubjectCommand,
    SubjectRef,
    compares_draft_emails,
    key_of,
    lacks_person,
    names_subject,
    person_id_of,
    personal_values,
    with_fields,
)
from oms_ledger.domain.store_credit.accounts import account_request_of
from oms_ledger.domain.texts import forms
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.kernel import Command, Query, stream_id
from oms_ledger.privacy import postgres
from oms_ledger.privacy.accounts import AccountResolver
from oms_ledger.privacy.crypto import Unreadable
from oms_ledger.privacy.key_cache import KeyCache, Lend

UNKNOWN_ADDRESS = f"{GUEST}nobody"
"""The record of an e-mail address without a key; nothing is ever written to it."""


class SubjectResolver:
    """Resolves data subjects and accounts of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache) -> None:
        self._lend = lend
        self._keys = keys
        self._accounts = AccountResolver(lend, keys, _customer_of_order)

    def resolve(self, ref: SubjectRef) -> ResolvedSubject:
        """The data subject of a reference. An e-mail address is looked up by its blind. The result
        never contains the address itself, whether the address is known or not."""
        with self._lend(Role.READER) as connection:
            name = _stored_name(connection, ref.name)
            blind = self._keys.ledger_key().blind(name) if "@" in name else None
            key = name.removeprefix(GUEST) if name.startswith(GUEST) else None
            subjects = [key_subject(name)] + ([f"email:{blind}"] if blind else [])
            if not ref.internal and name.startswith(RESERVED):
                customer = f"customer:{name}"
                if postgres.subject_exists(connection, customer):
                    key, subjects = None, [customer]
            sealing = _order_subjects(connection, name) if ref.internal else []
            parts = postgres.resolve_subject(connection, [*subjects, *sealing], key)
        own, touched, sharing = parts["own"], parts["touched"], parts["sharing"]
        record = name
        if key or blind or (name.startswith(RESERVED) and subjects != [name]):
            record = record_of(*own[0]) if own else name if key else UNKNOWN_ADDRESS
        keys = _ids(touched)
        held_by = {record, *(f"{GUEST}{key_id}" for key_id in keys)}
        held_by |= {record_of(*each) for each in touched + sharing}
        return ResolvedSubject(record, _ids(own), keys, tuple(sorted(held_by)))

    def person_of_order(self, order_id: str) -> Person:
        """The person that the personal values of an order belong to: as of its newest edit."""
        fallback = f"{ORDER}{order_id}"
        with self._lend(Role.READER) as connection:
            terms = _terms_agreed(connection, order_id)
            if terms is None:
                return Person(None, fallback)
            keys = _living_keys_sealing(connection, terms)
        forgotten = not keys and bool(_keys_sealing(terms))
        record = record_of(keys[0].id, keys[0].subject) if keys else None
        if terms.customer is not None and terms.customer.id is not None:
            return Person(terms.customer.id, fallback, forgotten, record)
        return Person(None, keys[0].subject if keys else fallback, forgotten, record)

    # Commands.

    def are_resolved(self, submissions: Sequence[Submission]) -> bool:
        """Whether `resolve_commands` would change nothing; without the database."""
        if any(_is_unresolved(each.command) for each in submissions):
            return False
        return not any(self._uncertain_ids(submissions))

    def resolve_commands(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The submissions with the data subjects and accounts that their commands name resolved,
        and with persons' ids in the form in which there are keys of them."""
        return self._with_stored_ids([self._with_subject(each) for each in submissions])

    def _with_subject(self, submission: Submission) -> Submission:
        if lacks_person(submission.command):
            about = cast(OrderPersonCommand, submission.command)
            person = self.person_of_order(about.order_id)
            return replace(submission, command=about.with_person(person))
        if compares_draft_emails(submission.command):
            placing = cast(DraftEmailsCommand, submission.command)
            blinds = self._draft_blinds(placing.draft_id)
            return replace(submission, command=placing.with_draft_blinds(blinds))
        if (request := account_request_of(submission.command)) is not None:
            resolved = self._accounts.resolve_command(submission.command, request)
            return replace(submission, command=resolved)
        if not names_subject(submission.command):
            return submission
        command = cast(SubjectCommand, submission.command)
        subject = self.resolve(command.subject_ref)
        return replace(submission, command=command.with_subject(subject))

    def _draft_blinds(self, draft_id: str) -> dict[str, str]:
        """The blinds of the e-mail addresses of a draft by their stored form; "" for one that was
        forgotten."""
        ledger_key = self._keys.ledger_key()
        with self._lend(Role.READER) as connection:
            self._keys.refresh(connection)
            saved = list(postgres.draft_events(connection, stream_id(Draft, draft_id)))
            newest = saved[-1] if saved else None
            emails = newest.content.stored_emails if isinstance(newest, DraftSaved) else ()
            opened = {email: self._opened_email(connection, email) for email in emails}
        return {stored: ledger_key.blind(e) if e else "" for stored, e in opened.items()}

    def _opened_email(self, connection: Connection, stored: str) -> str | None:
        """An e-mail address as it was written; None where it was forgotten or is damaged."""
        key_id = key_of(Personal(stored))
        if key_id is None:
            return stored
        key = self._keys.cached(key_id)
        if key is None:
            living = [k for k in postgres.keys_by_id(connection, [key_id]) if k.wrapped is not None]
            key = next(iter(self._keys.add(self._keys.ledger_key().ledger, living)), None)
        try:
            return None if key is None else key.open(stored, "email")
        except Unreadable:
            return None

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

    # Queries.

    @staticmethod
    def must_resolve(query: Query, params: object) -> bool:
        """Whether `resolve_query` changes these parameters."""
        named = _text_in(params, query.subject)
        if query.account is not None:
            return True
        return bool(_email_in(params, query.searches_email) or (named and _is_indirect(named)))

    def resolve_query(self, query: Query, params: object) -> object:
        """The parameters of a query, with an e-mail address in the parameter `searches_email`
        replaced by `@` and its blind, and with the record of the customer in `subject` in the
        parameter `record`. The id stays: a customer's may be an e-mail address. In the parameter
        `account` the key of an account replaces its name."""
        changed: dict[str, object] = {}
        if email := _email_in(params, query.searches_email):
            changed[str(query.searches_email)] = f"@{self._keys.ledger_key().blind(email)}"
        if (named := _text_in(params, query.subject)) and _is_indirect(named):
            changed["record"] = self.resolve(SubjectRef(named)).record
        resolved = with_fields(params, **changed) if changed else params
        return self._accounts.resolve_query(query, resolved)


def _is_unresolved(command: Command) -> bool:
    return (
        names_subject(command)
        or lacks_person(command)
        or compares_draft_emails(command)
        or account_request_of(command) is not None
    )


def _with_stored_id(submission: Submission, person_id: str, living: set[str]) -> Submission:
    stored = next((form for form in forms(person_id) if f"customer:{form}" in living), person_id)
    if stored == person_id:
        return submission
    command = cast(PersonalCommand, submission.command).with_person_id(stored)
    return replace(submission, command=command)


def _stored_name(connection: Connection, name: str) -> str:
    """A name of a data subject in the form in which the ledger has, or had, a key of it."""
    stored = (
        form for form in forms(name) if postgres.subject_exists(connection, key_subject(form))
    )
    return name if name.isascii() else next(stored, name)


def _terms_agreed(connection: Connection, order_id: str) -> OrderTerms | None:
    return terms_agreed(postgres.terms_events(connection, stream_id(Order, order_id)))


def _customer_of_order(connection: Connection, order_id: str) -> str | None:
    terms = _terms_agreed(connection, order_id)
    return None if terms is None or terms.customer is None else terms.customer.id


def _subjects_sealing(connection: Connection, terms: OrderTerms) -> list[str]:
    """The subjects of the living keys that seal personal values of these terms."""
    return [key.subject for key in _living_keys_sealing(connection, terms)]


def _living_keys_sealing(connection: Connection, terms: OrderTerms) -> list[postgres.SubjectKey]:
    """The living keys that seal personal values of these terms."""
    keys = postgres.keys_by_id(connection, _keys_sealing(terms))
    return [key for key in keys if key.wrapped]


def _keys_sealing(terms: OrderTerms) -> set[str]:
    """The ids of the keys, destroyed ones too, that seal personal values of these terms."""
    return {key for _, value in personal_values(terms) if (key := key_of(value))}


def _order_subjects(connection: Connection, record: str) -> list[str]:
    """Of the record of an order, the subject of the draft that it was prepared as: its values were
    sealed before the order had an id."""
    if not record.startswith(ORDER):
        return []
    terms = _terms_agreed(connection, record.removeprefix(ORDER))
    if terms is None:
        return []
    return [each for each in _subjects_sealing(connection, terms) if each.startswith(ORDER)]


def key_subject(record: str) -> str:
    """The subject of the keys of a record: an order itself, otherwise a customer."""
    return record if record.startswith(ORDER) else f"customer:{record}"


def _email_in(params: object, name: str | None) -> str | None:
    """The e-mail address in a parameter; None if it holds something else."""
    text = _text_in(params, name)
    return text if text is not None and "@" in text else None


def _text_in(params: object, name: str | None) -> str | None:
    text = None if name is None else getattr(params, name)
    return text if isinstance(text, str) else None


def _is_indirect(text: str) -> bool:
    """Whether a customer with this id has a record of another name."""
    return "@" in text or text.startswith(RESERVED)


def _ids(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(key_id for key_id, _ in rows)
