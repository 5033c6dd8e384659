"""Replaces the names of accounts of store credit in commands and queries by the accounts' keys.

An old account keeps its name as its key. Whether there are such accounts is
looked up first, so that in a ledger without any no name is sent to the database, but one that
begins as keys do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from oms_ledger.domain.personal import Personal, with_fields
from oms_ledger.domain.store_credit.accounts import (
    KEY_PREFIX,
    AccountCommand,
    AccountRequest,
    StoreCreditAccount,
    ending_of,
    is_account_key,
)
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.texts import forms
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.kernel import Command, Query, stream_id
from oms_ledger.privacy import postgres
from oms_ledger.privacy.key_cache import KeyCache, Lend

CustomerOfOrder = Callable[[Connection, str], str | None]
"""The id of the customer of an order; None where it has none, or there is no such order."""


class AccountResolver:
    """Resolves accounts of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache, customer_of_order: CustomerOfOrder) -> None:
        self._lend = lend
        self._keys = keys
        self._customer_of_order = customer_of_order

    def resolve_command(self, command: Command, request: AccountRequest) -> Command:
        """The command with the account of its `request` in the place of its name."""
        return cast(AccountCommand, command).with_account(self._account(request))

    def resolve_query(self, query: Query, params: object) -> object:
        """The parameters with the key of the account in the place of its name."""
        if query.account is None:
            return params
        account = self._account(AccountRequest(getattr(params, query.account), by_key=True))
        assert account is not None
        return with_fields(params, **{query.account: account.key})

    def _account(self, request: AccountRequest) -> StoreCreditAccount | None:
        """None for the own account of a customer where the order has none."""
        if request.by_key and request.name is not None and is_account_key(request.name):
            return StoreCreditAccount(request.name, request.name, None, None)
        self._keys.ledger_key()  # first: two connections at a time could be one too many
        with self._lend(Role.READER) as connection:
            customer = None
            if request.order_id is not None:
                customer = self._customer_of_order(connection, request.order_id)
            name = customer if request.name is None else request.name
            if name is None:
                return None
            return self._named(connection, name, customer if name == customer else None)

    def _named(self, connection: Connection, name: str, customer: str | None) -> StoreCreditAccount:
        hashed = self._keys.ledger_key().account(name)
        key = _key_that_is_a_name(connection, name) or hashed
        return StoreCreditAccount(key, hashed, ending_of(name), Personal(name), customer)


def _key_that_is_a_name(connection: Connection, name: str) -> str | None:
    """The key of an old account, which is its name; None where there is none of that name. No
    key of another account is one, since who spends has to know the name."""
    if is_account_key(name):
        return None
    # Names that begin as keys do are not seen by has_named_accounts: they are looked up themselves.
    if not name.startswith(KEY_PREFIX) and not postgres.has_named_accounts(connection):
        return None
    every = (form for form in forms(name) if not is_account_key(form))
    streams = ((form, stream_id(StoreCredit, form)) for form in every)
    return next((form for form, stream in streams if postgres.has_stream(connection, stream)), None)
