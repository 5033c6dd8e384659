"""Answers about payments, as types. Money is decimal text."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.event_answers import FeedItemAnswer


class MoneyAnswer(TypedDict):
    """The money of an order. `authorised` is not captured yet, `pending` waits for the provider's
    answer, `refunding` is on its way back. `due` is what is still to be paid, `credit` what was
    paid too much."""

    authorised: str
    pending: str
    captured: str
    refunding: str
    refunded: str
    charged_back: str
    due: str
    credit: str


class OrderPaymentAnswer(TypedDict):
    payment_id: str
    provider: str
    status: str
    authorised: str
    captured: str
    refunded: str
    charged_back: str


class PaymentActionAnswer(TypedDict):
    """What the buyer must do: open `url` (`type` is `redirect`)."""

    type: str
    url: str


class DiscrepancyAnswer(TypedDict):
    discrepancy_id: str
    explanation: str


class PaymentAnswer(TypedDict):
    """`amount` is what was requested. `authorised` is not captured yet; `refundable` is captured
    and neither refunded, on its way back, nor charged back."""

    payment_id: str
    order_id: str
    provider: str
    connection: str | None
    capture: str
    status: str
    amount: str
    authorised: str
    captured: str
    refunding: str
    refunded: str
    refundable: str
    charged_back: str
    currency: str
    expires_at: str | None
    action: PaymentActionAnswer | None
    discrepancies: list[DiscrepancyAnswer]
    sensitive: bool
    version: int


class OrderMoneyAnswer(PaymentAnswer):
    """A payment, and the `money` of its order."""

    money: MoneyAnswer


class RefundAnswer(OrderMoneyAnswer):
    refund_id: str


class PaymentDetailAnswer(PaymentAnswer):
    requested_at: str
    updated_at: str


class PaymentHistoryAnswer(PaymentDetailAnswer):
    """A payment, and all its events, the oldest first."""

    events: list[FeedItemAnswer]


class OrderPaymentsAnswer(TypedDict):
    """The payments of an order, the oldest first."""

    order_id: str
    money: MoneyAnswer
    items: list[PaymentDetailAnswer]


class PaymentsAnswer(TypedDict):
    items: list[PaymentDetailAnswer]
    next_cursor: str | None
