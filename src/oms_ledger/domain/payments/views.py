"""Payments as the API answers them; money as text."""

from __future__ import annotations

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.settlement import Balance, OrderPayment
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Json


def money_view(balance: Balance, currency: str) -> dict[str, Json]:
    return {
        "authorised": to_text(balance.authorised, currency),
        "pending": to_text(balance.pending, currency),
        "captured": to_text(balance.captured, currency),
        "refunding": to_text(balance.refunding, currency),
        "refunded": to_text(balance.refunded, currency),
        "charged_back": to_text(balance.charged_back, currency),
        "due": to_text(balance.due, currency),
        "credit": to_text(balance.credit, currency),
    }


def order_payment_view(payment_id: str, payment: OrderPayment, currency: str) -> dict[str, Json]:
    return {
        "payment_id": payment_id,
        "provider": payment.provider,
        "status": payment.status,
        "authorised": to_text(payment.open, currency),
        "captured": to_text(payment.captured, currency),
        "refunded": to_text(payment.refunded, currency),
        "charged_back": to_text(payment.charged_back, currency),
    }


def payment_view(payment: Payment) -> dict[str, Json]:
    requested, totals = payment.requested, payment.totals
    if requested is None:
        raise ValueError("a payment's first event is PaymentRequested")
    currency = requested.amount.currency
    url = payment.action_url
    return {
        "payment_id": requested.payment_id,
        "order_id": requested.order_id,
        "provider": requested.provider,
        "connection": requested.connection,
        "capture": requested.capture,
        "status": payment.status,
        "amount": to_text(requested.amount.minor, currency),
        "authorised": to_text(totals.open, currency),
        "captured": to_text(totals.captured, currency),
        "refunding": to_text(sum(payment.refunding.values()), currency),
        "refunded": to_text(totals.refunded, currency),
        "refundable": to_text(max(0, payment.refundable), currency),
        "charged_back": to_text(totals.charged_back, currency),
        "currency": currency,
        "expires_at": rfc3339(payment.expires_at) if payment.expires_at else None,
        "action": {"type": "redirect", "url": url} if url else None,
        "discrepancies": [
            {"discrepancy_id": discrepancy_id, "explanation": explanation}
            for discrepancy_id, explanation in payment.discrepancies.items()
        ],
        "sensitive": requested.sensitive,
        "version": payment.version,
    }
