"""Events of an account of store credit."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.money import Money
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.text_kinds import Harmless, OrderId, PaymentId
from oms_ledger.kernel import Event


class StoreCreditStreamEvent(Event, frozen=True):
    """An event of the stream of an account. All amounts of an account have one currency. `account`
    is its key: `account:<hash>`, or the name of an old account."""

    category: ClassVar[str] = "store_credit"
    account: str

    @property
    def key(self) -> str:
        return self.account


class StoreCreditIssued(StoreCreditStreamEvent, frozen=True):
    """`amount` is the account's from now on: given by staff, sold as a gift, or in the place of a
    refund of an order's payment, whose refund id is the `reference`. `account_number` is the
    account's name, `account_ending` its last characters."""

    type: ClassVar[str] = "store_credit.issued.v1"
    account: str
    amount: Money
    reason: str
    reference: str | None = None
    order_id: OrderId | None = None
    account_number: Personal | None = None
    account_ending: Harmless | None = None


class StoreCreditSpent(StoreCreditStreamEvent, frozen=True):
    """`amount` pays an order: it is authorised, and with the payment's capture taken."""

    type: ClassVar[str] = "store_credit.spent.v1"
    account: str
    amount: Money
    order_id: OrderId
    payment_id: PaymentId


class StoreCreditReturned(StoreCreditStreamEvent, frozen=True):
    """`amount` of a payment is back on the account: it was refunded, or released."""

    type: ClassVar[str] = "store_credit.returned.v1"
    account: str
    amount: Money
    order_id: OrderId
    payment_id: PaymentId


StoreCreditEvent: TypeAlias = StoreCreditIssued | StoreCreditSpent | StoreCreditReturned
STORE_CREDIT_EVENTS: tuple[type[StoreCreditEvent], ...] = get_args(StoreCreditEvent)
