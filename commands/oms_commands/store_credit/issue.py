"""Issuing store credit, or a gift balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Currency,
    Id,
    OccurredAt,
    Reason,
    Text,
    positive_minor_units,
)
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.money import Money
from oms_ledger.domain.payments.store_credit import require_account_currency
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

    `account` is a customer's id, or the number of a gift: whatever names it when it is spent. An
    account has one currency, that of its first amount, and its balance is never below 0. A payment
    with provider `store_credit` spends it; a return with resolution `store_credit` adds to it.
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

    account: Id
    amount: Amount
    currency: Currency
    reason: Reason
    reference: Text | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(StoreCredit, self.account)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        credit = given.state(StoreCredit, self.account)
        require_account_currency(credit, self.currency)
        amount = Money(positive_minor_units(self.amount, self.currency), self.currency)
        if credit.issued + amount.minor > _BALANCE_MAX:
            raise Refused(
                "The account was issued as much as one can be. Use another account.",
                code="too_much_credit",
            )
        issued = StoreCreditIssued(self.account, amount, self.reason, self.reference)
        return dated([Change(issued)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return store_credit_view(self.account, given.state(StoreCredit, self.account))
