"""What commands about one payment of an order have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import account_refs
from oms_ledger.domain.payments.views import money_view, payment_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class PaymentCommand(Command):
    """Reads one payment and its order; answers with the payment, and the money of the order."""

    __slots__ = ()
    scope: ClassVar[str] = "payments:write"
    order_id: str
    payment_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return payment_refs(self.order_id, [self.payment_id], given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return payment_answer(self.order_id, self.payment_id, given)


def payment_refs(order_id: str, payment_ids: Collection[str], given: Given) -> list[Ref]:
    """An order, payments of it, and the accounts of store credit that these spend from."""
    payments: list[Ref] = [(Payment, payment_id) for payment_id in payment_ids]
    return [(Order, order_id), *payments, *account_refs(payment_ids, given)]


def payment_answer(order_id: str, payment_id: str, given: Given) -> dict[str, Json]:
    order, payment = given.state(Order, order_id), given.state(Payment, payment_id)
    return {**payment_view(payment), "money": money_view(order.balance, order.terms.currency)}
