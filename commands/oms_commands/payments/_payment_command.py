"""What commands about one payment of an order have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import ClassVar

from oms_commands._fields import invalid, minor_units
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.views import money_view, payment_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class PaymentCommand(Command):
    """Reads one payment and its order; answers with the payment, and the money of the order."""

    __slots__ = ()
    scope: ClassVar[str] = "payments:write"
    order_id: str
    payment_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return payment_refs(self.order_id, self.payment_id)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return payment_answer(self.order_id, self.payment_id, given)


def payment_refs(order_id: str, payment_id: str) -> list[Ref]:
    return [(Order, order_id), (Payment, payment_id)]


def payment_answer(order_id: str, payment_id: str, given: Given) -> dict[str, Json]:
    order, payment = given.state(Order, order_id), given.state(Payment, payment_id)
    currency = order.placed.terms.currency if order.placed else ""
    return {**payment_view(payment), "money": money_view(order.balance, currency)}


def minor(amount: Decimal, currency: str, field: str = "amount") -> int:
    """Minor units of an amount above 0; `Invalid` naming the field where the currency cannot
    express it."""
    units = minor_units(amount, currency, field)
    if units <= 0:
        raise invalid(field, "Write an amount above 0.")
    return units
