"""Rows of the statements as figures: rates, hours, and amounts by currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from oms_ledger.domain.figures.ratios import ratio
from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json
from oms_projections.values import column, maybe

Columns = Mapping[str, object]


def number(row: Columns, name: str) -> int:
    """A count; 0 where the row has none."""
    return maybe(row, name, int) or 0 if name in row else 0


def hours(row: Columns, name: str) -> dict[str, Json]:
    percentiles = (maybe(row, name, list) if name in row else None) or [None, None, None]
    values = [None if each is None else round(each, 2) for each in percentiles]
    return dict(zip(("p50", "p90", "p95"), values, strict=True))


def parts(row: Columns, name: str) -> list[Mapping[str, object]]:
    """The objects of a JSON column; none where the row has none."""
    return (maybe(row, name, list) if name in row else None) or []


def money(part: Columns, names: Iterable[str]) -> dict[str, Json]:
    """Amounts of one currency as text."""
    currency = column(part, "currency", str)
    return {name: to_text(number(part, name), currency) for name in names}


def order_figures(row: Columns) -> dict[str, Json]:
    orders, lines = number(row, "orders"), number(row, "lines")
    judged, held_for_fraud = number(row, "judged"), number(row, "held_for_fraud")
    stock = number(row, "allocated") + number(row, "short")
    kept = ("judged", "in_full", "on_time", "on_time_in_full", "perfect")
    counts = ("open_backorders", "cancelled_orders", "cancelled_units", "held_orders", "holds")
    return {
        "orders": orders,
        "units": number(row, "units"),
        "units_per_order": ratio(number(row, "units"), orders),
        "amounts": [_order_amounts(part) for part in parts(row, "amounts")],
        **{name: number(row, name) for name in kept},
        "in_full_rate": ratio(number(row, "in_full"), judged),
        "on_time_in_full_rate": ratio(number(row, "on_time_in_full"), judged),
        "perfect_order_rate": ratio(number(row, "perfect"), judged),
        "unit_fill_rate": ratio(number(row, "allocated"), stock),
        "line_fill_rate": ratio(lines - number(row, "short_lines"), lines),
        "order_fill_rate": ratio(number(row, "orders_filled"), number(row, "orders_of_goods")),
        "backorder_rate": ratio(number(row, "short_lines"), lines),
        **{name: number(row, name) for name in counts},
        "cancel_rate": ratio(number(row, "cancelled_orders"), orders),
        "cancellations": [dict(part) for part in _json(parts(row, "cancellations"))],
        "hold_rate": ratio(number(row, "held_orders"), orders),
        "held_for_fraud": held_for_fraud,
        "fraud_false_positive_rate": ratio(
            number(row, "fraud_holds_without_fraud"), held_for_fraud
        ),
        "edited_orders": number(row, "edited_orders"),
        "edits": number(row, "edits"),
        "edit_rate": ratio(number(row, "edited_orders"), orders),
        **{name: hours(row, name) for name in ORDER_HOURS},
    }


ORDER_HOURS = (
    "order_to_confirm_hours",
    "order_to_deliver_hours",
    "backorder_age_hours",
    "hold_hours",
)


def _order_amounts(part: Columns) -> dict[str, Json]:
    currency, orders = column(part, "currency", str), number(part, "orders")
    net = number(part, "gross") - number(part, "discounts") - number(part, "refunded")
    average = (Decimal(net) / orders).quantize(Decimal(1), ROUND_HALF_UP)
    sums = ("gross", "discounts", "tax", "refunded", "edit_difference")
    return {
        "currency": currency,
        "orders": orders,
        **money(part, sums),
        "net": to_text(net, currency),
        "average_order_value": to_text(int(average), currency),
    }


def payment_figures(row: Columns) -> dict[str, Json]:
    payments, captured = number(row, "payments"), number(row, "captured")
    counts = ("payments", "authorised", "failed", "captured", "refunded", "refunds", "charged_back")
    return {
        **{name: number(row, name) for name in counts},
        "authorisation_rate": ratio(number(row, "authorised"), payments),
        "failure_rate": ratio(number(row, "failed"), payments),
        "refund_rate": ratio(number(row, "refunded"), captured),
        "charge_back_rate": ratio(number(row, "charged_back"), captured),
        "authorise_to_capture_hours": hours(row, "authorise_to_capture_hours"),
        "refund_hours": hours(row, "refund_hours"),
        "amounts": [_payment_amounts(part) for part in parts(row, "amounts")],
    }


def _payment_amounts(part: Columns) -> dict[str, Json]:
    sums = ("requested", "authorised", "captured", "refunded", "charged_back")
    return {
        "currency": column(part, "currency", str),
        **money(part, sums),
        "refund_rate": ratio(number(part, "refunded"), number(part, "captured")),
    }


def return_figures(row: Columns) -> dict[str, Json]:
    orders, units = number(row, "shipped_orders"), number(row, "shipped_units")
    return {
        **{name: number(row, name) for name in RETURN_COUNTS},
        "request_to_receive_hours": hours(row, "request_to_receive_hours"),
        "request_to_refund_hours": hours(row, "request_to_refund_hours"),
        "amounts": [_return_amounts(part) for part in parts(row, "amounts")],
        "reasons": [dict(part) for part in _json(parts(row, "reasons"))],
        "shipped_orders": orders,
        "shipped_units": units,
        "returned_units": number(row, "returned_units"),
        "return_rate": ratio(number(row, "returned_units"), units),
        "exchange_rate": ratio(number(row, "orders_with_exchanges"), orders),
        "claim_rate": ratio(number(row, "orders_with_claims"), orders),
    }


RETURN_COUNTS = (
    "requests",
    "returns",
    "exchanges",
    "claims",
    "approved",
    "declined",
    "cancelled",
    "units",
    "units_received",
    "refunded",
)


def _return_amounts(part: Columns) -> dict[str, Json]:
    sums = ("granted", "refunded", "exchanged", "fees")
    return {"currency": column(part, "currency", str), **money(part, sums)}


def _json(objects: Sequence[Mapping[str, object]]) -> Iterable[dict[str, Json]]:
    """Objects whose values are texts and numbers."""
    for each in objects:
        yield {k: v for k, v in each.items() if isinstance(v, str | int)}
