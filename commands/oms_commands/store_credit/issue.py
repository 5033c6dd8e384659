"""Issuing store credit, or a gift balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._accounts import ResolvedAccount
from oms_commands._fields import (
    STRICT,
    AccountName,
    Amount,
    Currency,
    OccurredAt,
    Reason,
    Text,
    positive_minor_units,
)
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.money import Money
from oms_ledger.domain.payments.store_credit import require_account_currency
from oms_ledger.domain.personal import Person, with_fields
from oms_ledger.domain.store_credit.accounts import (
    AccountRequest,
    StoreCreditAccount,
    unhashed_account,
)
from oms_ledger.domain.store_credit.answers import StoreCreditAnswer
from oms_ledger.domain.store_credit.events import StoreCreditIssued
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.store_credit.views import store_credit_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route

_BALANCE_MAX = 10**15
"""Minor units: what an account may have been issued in all still fits 64 bits with room."""


@dataclass(frozen=True, slots=True, config=STRICT)
class IssueStoreCredit(Command):
    """Issue store credit, or a gift balance, to an account.

    `account` is a customer's id, or the number of a gift: whatever names it when it is spent. It is
    a secret, of which the ledger has a keyed hash, its last characters, and the rest sealed; the
    `account` of an answer can stand in its place here, but pays nothing. An account has one
    currency, that of its first amount, and its balance is never below 0. A payment with provider
    `store_credit` spends it; a return with resolution `store_credit` adds to it.
    """

    name: ClassVar[str] = "IssueStoreCredit"
    route: ClassVar[Route] = Route("POST", "/v1/store-credit/{account}/issue")
    scope: ClassVar[str] = "payments:write"
    answer_type: ClassVar[type] = StoreCreditAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "amount": "25.00",
        "currency": "GBP",
        "reason": "goodwill",
    }

    account: AccountName
    amount: Amount
    currency: Currency
    reason: Reason
    reference: Text | None = None
    occurred_at: OccurredAt = None
    resolved: ResolvedAccount = field(default=None, init=False)

    @property
    def account_request(self) -> AccountRequest | None:
        return None if self.resolved else AccountRequest(self.account.personal, by_key=True)

    def with_account(self, account: StoreCreditAccount | None) -> IssueStoreCredit:
        """The name goes with the account, to be sealed in its place there."""
        return with_fields(self, account=None, resolved=account)

    @property
    def _account(self) -> StoreCreditAccount:
        return self.resolved or unhashed_account(self.account.personal)

    def person(self, ctx: Context) -> Person:
        return Person(None, self._account.subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(StoreCredit, self._account.key)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        credit = given.state(StoreCredit, self._account.key)
        require_account_currency(credit, self.currency)
        amount = Money(positive_minor_units(self.amount, self.currency), self.currency)
        if credit.issued + amount.minor > _BALANCE_MAX:
            raise Refused(
                "The account was issued as much as one can be. Use another account.",
                code="too_much_credit",
            )
        account = self._account
        issued = StoreCreditIssued(
            account.key,
            amount,
            self.reason,
            self.reference,
            account_number=account.account_number,
            account_ending=account.ending,
        )
        return dated([Change(issued)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        key = self._account.key
        return store_credit_view(key, given.state(StoreCredit, key))
