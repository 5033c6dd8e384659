"""Answers about payments, as types. Money is decimal text."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.text_kinds import Harmless, OrderId, PaymentId


class MoneyAnswer(TypedDict):
    """The money of an order. `authorised` is not captured yet, `pending` waits for the provider's
    answer, `refunding` is on its way back. `due` is what is still to be paid, `credit` what was
    paid too much."""

    authorised: Harmless
    pending: Harmless
    captured: Harmless
    refunding: Harmless
    refunded: Harmless
    charged_back: Harmless
    due: Harmless
    credit: Harmless


class OrderPaymentAnswer(TypedDict):
    payment_id: PaymentId
    provider: Harmless
    status: Harmless
    authorised: Harmless
    captured: Harmless
    refunded: Harmless
    charged_back: Harmless


class PaymentActionAnswer(TypedDict):
    """What the buyer must do: open `url` (`type` is `redirect`)."""

    type: Harmless
    url: str


class DiscrepancyAnswer(TypedDict):
    discrepancy_id: str
    explanation: str


class PaymentAnswer(TypedDict):
    """`amount` is what was requested. `authorised` is not captured yet; `refundable` is captured
    and neither refunded, on its way back, nor charged back."""

    payment_id: PaymentId
    order_id: OrderId
    provider: Harmless
    connection: Harmless | None
    capture: Harmless
    status: Harmless
    amount: Harmless
    authorised: Harmless
    captured: Harmless
    refunding: Harmless
    refunded: Harmless
    refundable: Harmless
    charged_back: Harmless
    currency: Harmless
    expires_at: Harmless | None
    action: PaymentActionAnswer | None
    discrepancies: list[DiscrepancyAnswer]
    sensitive: bool
    version: int


class OrderMoneyAnswer(PaymentAnswer):
    """A payment, and the `money` of its order."""

    money: MoneyAnswer


class RefundAnswer(OrderMoneyAnswer):
    refund_id: Harmless


class PaymentDetailAnswer(PaymentAnswer):
    requested_at: Harmless
    updated_at: Harmless


class PaymentHistoryAnswer(PaymentDetailAnswer):
    """A payment, and all its events, the oldest first."""

    events: list[FeedItemAnswer]


class OrderPaymentsAnswer(TypedDict):
    """The payments of an order, the oldest first."""

    order_id: OrderId
    money: MoneyAnswer
    items: list[PaymentDetailAnswer]


class PaymentsAnswer(TypedDict):
    items: list[PaymentDetailAnswer]
    next_cursor: Harmless | None
