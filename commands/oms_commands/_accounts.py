"""What commands about an order that name an account of store credit have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeAlias, TypeVar

from pydantic import InstanceOf
from pydantic.json_schema import SkipJsonSchema

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.guards import customer_id_of
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Personal, revealed, with_fields
from oms_ledger.domain.store_credit.accounts import (
    AccountRequest,
    StoreCreditAccount,
    unhashed_account,
)
from oms_ledger.kernel import Command

C = TypeVar("C", bound="OrderAccountCommand")


ResolvedAccount: TypeAlias = SkipJsonSchema[InstanceOf[StoreCreditAccount] | None]
"""A field of a command that is set before the command is decided, and no part of its body."""


class OrderAccountCommand(Command):
    """`account` is the name of an account; None: the own one of the order's customer. Before the
    command is decided, `resolved` takes its place, and `account_is_missing` is true where there is
    no name: the order, or its customer, was not in the ledger yet."""

    __slots__ = ()
    order_id: str
    account: Personal | None
    resolved: StoreCreditAccount | None
    account_is_missing: bool

    @property
    @abstractmethod
    def needs_account(self) -> bool:
        """Whether the command is about an account though it names none."""

    @property
    def account_request(self) -> AccountRequest | None:
        if self.resolved or (self.account is None and not self.needs_account):
            return None
        return AccountRequest(revealed(self.account), self.order_id)

    def with_account(self: C, account: StoreCreditAccount | None) -> C:
        missing = account is None
        return with_fields(self, account=None, resolved=account, account_is_missing=missing)

    def account_of(self, order: Order) -> StoreCreditAccount | None:
        """The account; None where the command needs none, or there is none that it could mean."""
        if self.resolved or self.account_is_missing:
            return self.resolved
        own = customer_id_of(order)
        name = revealed(self.account) or (own if self.needs_account else None)
        return None if name is None else unhashed_account(name, own)

    def required_account(self, order: Order) -> StoreCreditAccount:
        """`Invalid` where there is no account, or it is the own one of another customer than the
        order has by now."""
        account, own = self.account_of(order), customer_id_of(order)
        if account is None and own is None:
            raise invalid_field("account", "Write the account; the order is of no customer.")
        if account is None or account.customer_id not in (None, own):
            raise invalid_field(
                "account",
                "Write the customer's id: the order, or its customer, is newer than this command.",
            )
        return account
