"""Answers of figures about orders, payments and returns. Formulas are in docs/analytics.md."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.fulfilment.answers import HoursAnswer
from oms_ledger.domain.text_kinds import Harmless


class OrderAmountsAnswer(TypedDict):
    """Sums of the orders in one currency. `net` is `gross` less `discounts` and `refunded`."""

    currency: Harmless
    orders: int
    gross: str
    discounts: str
    tax: Harmless
    refunded: Harmless
    net: str
    average_order_value: str
    edit_difference: str


class CancellationFiguresAnswer(TypedDict):
    reason: str
    actor: Harmless
    orders: int
    units: int


class OrderFiguresAnswer(TypedDict):
    """A rate is null where there is nothing to judge. `judged` are the orders whose promise of
    delivery was kept or is due. `sensitive_orders` is null where they are too few to be counted, as
    `suppressed` says."""

    group: str | None
    orders: int
    units: int
    units_per_order: float | None
    amounts: list[OrderAmountsAnswer]
    order_to_confirm_hours: HoursAnswer
    order_to_deliver_hours: HoursAnswer
    judged: int
    in_full: int
    on_time: int
    on_time_in_full: int
    perfect: int
    in_full_rate: float | None
    on_time_in_full_rate: float | None
    perfect_order_rate: float | None
    unit_fill_rate: float | None
    line_fill_rate: float | None
    order_fill_rate: float | None
    backorder_rate: float | None
    open_backorders: int
    backorder_age_hours: HoursAnswer
    cancelled_orders: int
    cancelled_units: int
    cancel_rate: float | None
    cancellations: list[CancellationFiguresAnswer]
    held_orders: int
    holds: int
    hold_rate: float | None
    hold_hours: HoursAnswer
    held_for_fraud: int
    fraud_false_positive_rate: float | None
    edited_orders: int
    edits: int
    edit_rate: float | None
    sensitive_orders: int | None
    suppressed: str | None


class OrderFigures(TypedDict):
    group_by: str
    tz: str
    rows: list[OrderFiguresAnswer]


class PaymentAmountsAnswer(TypedDict):
    """Sums of the payments in one currency; `refund_rate` is `refunded` divided by `captured`."""

    currency: Harmless
    requested: str
    authorised: Harmless
    captured: Harmless
    refunded: Harmless
    charged_back: Harmless
    refund_rate: float | None


class PaymentFiguresAnswer(TypedDict):
    """Payments by what became of them by now; `refunds` counts each refund."""

    group: str | None
    payments: int
    authorised: int
    failed: int
    captured: int
    refunded: int
    refunds: int
    charged_back: int
    authorisation_rate: float | None
    failure_rate: float | None
    refund_rate: float | None
    charge_back_rate: float | None
    authorise_to_capture_hours: HoursAnswer
    refund_hours: HoursAnswer
    amounts: list[PaymentAmountsAnswer]
    sensitive_orders: int | None
    suppressed: str | None


class PaymentFigures(TypedDict):
    group_by: str
    tz: str
    rows: list[PaymentFiguresAnswer]


class ReturnAmountsAnswer(TypedDict):
    currency: Harmless
    granted: Harmless
    refunded: Harmless
    exchanged: Harmless
    fees: str


class ReturnReasonAnswer(TypedDict):
    reason: str
    returns: int
    units: int


class ReturnFiguresAnswer(TypedDict):
    """`requests` are returns, exchanges and claims that were requested in the period;
    `shipped_orders` are those of which the first units left in it."""

    group: str | None
    requests: int
    returns: int
    exchanges: int
    claims: int
    approved: int
    declined: int
    cancelled: int
    units: int
    units_received: int
    refunded: int
    request_to_receive_hours: HoursAnswer
    request_to_refund_hours: HoursAnswer
    amounts: list[ReturnAmountsAnswer]
    reasons: list[ReturnReasonAnswer]
    shipped_orders: int
    shipped_units: int
    returned_units: int
    return_rate: float | None
    exchange_rate: float | None
    claim_rate: float | None
    sensitive_orders: int | None
    suppressed: str | None


class ReturnFigures(TypedDict):
    group_by: str
    tz: str
    rows: list[ReturnFiguresAnswer]
