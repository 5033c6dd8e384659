"""Requesting a payment of an order from a provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._accounts import OrderAccountCommand, ResolvedAccount
from oms_commands._fields import (
    STRICT,
    AccountName,
    Amount,
    Code,
    Currency,
    Id,
    OccurredAt,
    Text,
    positive_minor_units,
)
from oms_commands.payments._fields import WebAddress, require_currency
from oms_commands.payments._payment_command import payment_answer
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.errors import Forbidden, Refused, illegal_transition, invalid_field
from oms_ledger.domain.guards import customer_id_of, existing_order
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.events import PaymentRequested
from oms_ledger.domain.payments.rules import WITHOUT_CONNECTION, payment_changes, request
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import STORE_CREDIT, require_balance
from oms_ledger.domain.store_credit.accounts import StoreCreditAccount
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route

_PAYMENTS_MAX = 100
"""Payments of one order, failed ones included."""


@dataclass(frozen=True, slots=True, config=STRICT)
class RequestPayment(OrderAccountCommand):
    """Request a payment of what is due of an order.

    With provider `manual` a person takes the money: it is authorised at once, and with `capture:
    automatic` captured. With `external` a payment system of yours carries it out and reports the
    outcome with `POST .../report`; until then the payment is pending. With the vendor of a
    connection (`stripe`, `paypal`) the ledger carries it out there: `connection` names the account,
    where there are several. `store_credit` spends the balance of `account`, which names a customer
    or a gift, or of the customer's own, at once; voids and refunds give it back. A payment never
    requests more than what is due and not yet promised by others.
    """

    name: ClassVar[str] = "RequestPayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments", 201)
    scope: ClassVar[str] = "payments:write"
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "provider": "manual",
        "amount": "20.25",
        "capture": "manual",
    }

    order_id: Id
    provider: Code
    amount: Amount
    currency: Currency | None = None
    capture: Literal["manual", "automatic"] = "manual"
    connection: Code | None = None
    method_token: Annotated[Text, Field(min_length=1)] | None = None
    return_url: WebAddress | None = None
    account: AccountName | None = None
    occurred_at: OccurredAt = None
    resolved: ResolvedAccount = field(default=None, init=False)
    account_is_missing: SkipJsonSchema[bool] = field(default=False, init=False)

    @property
    def needs_account(self) -> bool:
        return self.provider == STORE_CREDIT

    def with_account(self, account: StoreCreditAccount | None) -> RequestPayment:
        """Nothing is left of the name, which a payment does not need."""
        nameless = account and replace(account, account_number=None)
        return OrderAccountCommand.with_account(self, nameless)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        account = self.account_of(given.state(Order, self.order_id))
        refs: list[Ref] = [(Order, self.order_id)]
        return refs if account is None else [*refs, (StoreCredit, account.key)]

    def _connection(self, order: Order, given: Given) -> str | None:
        """The account at the provider: the one that is named, or else the only one of the order's
        channel, or else the only one of no channel."""
        if self.provider in WITHOUT_CONNECTION:
            return self.connection
        accounts = {
            each.defined.connection: each.defined.channel
            for each in given.all(VendorConnection)
            if each.defined is not None and each.defined.vendor == self.provider
        }
        if not accounts:
            raise Refused(
                f"Payment provider {self.provider} is not connected. Define a connection with"
                f" PUT /v1/connections/{{name}}, or use one of: {', '.join(WITHOUT_CONNECTION)}.",
                code="unknown_provider",
            )
        if self.connection is None:
            return _only_connection(accounts, channel_key(order.terms.channel))
        if self.connection not in accounts:
            raise invalid_field(
                "connection",
                f"Write one of those to {self.provider}: {', '.join(sorted(accounts))}.",
            )
        return self.connection

    def check_within_channels(self, given: Given) -> None:
        """Accounts belong to no channel. A key that is bound to some pays from that of the order's
        customer alone, and learns nothing of others by their names."""
        order = given.state(Order, self.order_id)
        account = self.account_of(order)
        own = customer_id_of(order)
        if account is not None and (own is None or account.customer_id != own):
            raise Forbidden(
                "This key is bound to channels, and pays from the account of the order's customer"
                " alone. Leave `account` out, or use a key that is bound to none."
            )

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        currency = order.terms.currency
        require_currency(self.currency, currency)
        connection = self._connection(order, given)
        if (status := order.statuses.order) in ENDED:
            raise illegal_transition(
                "The order", status, "paid", "Record money that came in with payments:record."
            )
        if len(order.settlement.payments) >= _PAYMENTS_MAX:
            raise Refused(
                f"The order has {_PAYMENTS_MAX} payments already, which is the most one can have.",
                code="too_many_payments",
            )
        amount = positive_minor_units(self.amount, currency)
        _check_due(order, amount, currency)
        account = self._paying_account(order, Money(amount, currency), given)
        requested = PaymentRequested(
            ctx.command_id,
            self.order_id,
            self.provider,
            Money(amount, currency),
            self.capture,
            connection,
            self.method_token,
            self.return_url,
            order.sensitive,
            order.terms.channel,
            account,
        )
        changes = payment_changes(Payment(), request(requested))
        return dated(changes, self.occurred_at, ctx)

    def _paying_account(self, order: Order, amount: Money, given: Given) -> str | None:
        """The key of the account that pays; None where none does."""
        if not self.needs_account:
            if self.account_of(order) is not None:
                raise invalid_field("account", f"Leave it out with provider {self.provider}.")
            return None
        account = self.required_account(order)
        require_balance(account.key, amount, given, own=account.customer_id is not None)
        return account.key

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return payment_answer(self.order_id, ctx.command_id, given)


def _only_connection(accounts: Mapping[str, str | None], channel: str) -> str:
    for wanted in (channel, None):
        names = [name for name, of_channel in accounts.items() if of_channel == wanted]
        if len(names) == 1:
            return names[0]
        if names:
            break
    raise invalid_field(
        "connection", f"Write at which account to pay: {', '.join(sorted(accounts))}."
    )


def _check_due(order: Order, amount: int, currency: str) -> None:
    balance = order.balance
    free = balance.due - balance.authorised - balance.pending
    if amount > free:
        available = to_text(max(0, free), currency)
        raise Refused(
            f"{to_text(amount, currency)} {currency} is more than the {available} that is due and"
            " not promised by another payment. Request at most that.",
            code="over_payment",
            errors=[{"requested": to_text(amount, currency), "available": available}],
        )
