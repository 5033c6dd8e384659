"""Queries about payments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Literal, cast

import msgspec
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.json_values import feed_item
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.answers import (
    OrderPaymentsAnswer,
    PaymentHistoryAnswer,
    PaymentsAnswer,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.views import money_view
from oms_ledger.kernel import (
    Json,
    Log,
    PreparedAnswer,
    Query,
    Reader,
    Recorded,
    Rows,
    Selection,
    events_of,
    stream_id,
)
from oms_projections.direct import selected
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page_text
from oms_projections.payments.fold import DISCREPANCY, OPEN, READ_MODEL
from oms_projections.payments.views import shown
from oms_projections.search import facets_of
from oms_projections.state_documents import state_after
from oms_projections.values import WITHIN, Several, Within, column, is_of
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
Status = Literal[
    "pending",
    "requires_action",
    "failed",
    "authorised",
    "partially_captured",
    "captured",
    "partially_refunded",
    "refunded",
    "charged_back",
    "voided",
]
_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True, config=STRICT)
class GetPayment:
    payment_id: str
    within: Within = field(default=None, init=False)


def get_payment(params: GetPayment, log: Log) -> Mapping[str, Json]:
    history = list(events_of(log, stream_id(Payment, params.payment_id)))
    payment = state_after(Payment(), history)
    if payment.requested is None or not is_of(payment.requested.channel, params.within):
        raise NotFound(
            f"There is no payment {params.payment_id!r}, or was none yet. GET /v1/payments lists"
            " them."
        )
    return {**_shown(payment, history), "events": [feed_item(r) for r in history]}


def _shown(payment: Payment, history: list[Recorded]) -> dict[str, Json]:
    return shown(payment, history[0].meta.happened_at, history[-1].meta.recorded_at)


@dataclass(frozen=True, slots=True, config=STRICT)
class OrderPayments:
    order_id: str
    within: Within = field(default=None, init=False)


def order_payments(params: OrderPayments, reader: Reader) -> Mapping[str, Json]:
    order, body = _order(params, reader)
    rows = reader.rows("payments_by_id", keys=list(order.settlement.payments))
    items = [_decode(column(row, "answer", str)) for row in rows]
    return {**body, "items": cast("list[Json]", items)}


def order_payments_as_of(params: OrderPayments, log: Log) -> Mapping[str, Json]:
    order, body = _order(params, log)
    histories = [
        list(events_of(log, stream_id(Payment, payment_id)))
        for payment_id in order.settlement.payments
    ]
    histories.sort(key=lambda events: (events[0].meta.happened_at, events[0].stream))
    return {
        **body,
        "items": [_shown(state_after(Payment(), history), history) for history in histories],
    }


def _order(params: OrderPayments, log: Log) -> tuple[Order, dict[str, Json]]:
    """The order, and what is answered of it besides its payments."""
    order = log.fold(Order, params.order_id)
    if order.placed is None or not is_of(order.placed.terms.channel, params.within):
        raise NotFound(
            f"There is no order {params.order_id!r}, or was none yet. GET /v1/orders?q= looks for"
            " a number."
        )
    money = money_view(order.balance, order.terms.currency)
    return order, {"order_id": params.order_id, "money": money}


@dataclass(frozen=True, slots=True, config=STRICT)
class ListPayments:
    """Newest first. Statuses, providers and orders (their ids) may be several, with commas between.
    `open`: the provider or the buyer has still to answer, or what is authorised is neither captured
    nor released. `discrepancy`: one that nobody has resolved. `capture_before`: what is authorised
    and can be captured expires before this time; a day alone is its beginning. `..._from` is
    inclusive, `..._to` exclusive; a day alone is meant whole. Days are those of the zone `tz`."""

    status: Several[Status] = None
    provider: Several[str] = None
    order: Several[str] = None
    open: bool | None = None
    discrepancy: bool | None = None
    capture_before: DayOrTime | None = None
    requested_from: DayOrTime | None = None
    requested_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def _page(params: ListPayments) -> tuple[str, Mapping[str, object]]:
    return "list_payments", {
        **dict(_facets(params)),
        "within": None if params.within is None else list(params.within),
        "capture_before": period_start(params.capture_before, params.tz),
        "requested_from": period_start(params.requested_from, params.tz),
        "requested_to": period_end(params.requested_to, params.tz),
        **after_newest(params.cursor),
        "limit": params.limit,
    }


def _facets(params: ListPayments) -> Iterator[tuple[str, list[str] | None]]:
    """Values of filters as they stand in `PaymentRow.facets`."""
    several: Mapping[str, tuple[str, ...] | None] = {
        "status": params.status,
        "provider": params.provider,
        "order": params.order,
    }
    for name, values in several.items():
        yield name, facets_of(name, values)
    yield "open", [OPEN] if params.open is True else None
    yield "not_open", [OPEN] if params.open is False else None
    yield "discrepancy", [DISCREPANCY] if params.discrepancy is True else None
    yield "no_discrepancy", [DISCREPANCY] if params.discrepancy is False else None


def _listed(params: ListPayments, rows: Rows) -> PreparedAnswer:
    last = mark_of_last(rows, "requested_at", "payment_id")
    items = ",".join([column(row, "answer", str) for row in rows])
    sensitive = any(row["sensitive"] for row in rows)
    return PreparedAnswer(page_text(items, len(rows), params.limit, last), sensitive)


PAYMENTS = Selection(_page, _listed)


def list_payments(params: ListPayments, reader: Reader) -> Mapping[str, Json]:
    return selected(PAYMENTS, params, reader)


QUERIES = (
    Query(
        "order_payments",
        "/v1/orders/{order_id}/payments",
        "orders:read",
        READ_MODEL.name,
        OrderPayments,
        order_payments,
        "The payments of an order, and its money",
        order_payments_as_of,
        within_channels=WITHIN,
        answer_type=OrderPaymentsAnswer,
    ),
    Query(
        "get_payment",
        "/v1/payments/{payment_id}",
        "orders:read",
        None,
        GetPayment,
        get_payment,
        "One payment with all its events",
        get_payment,
        within_channels=WITHIN,
        answer_type=PaymentHistoryAnswer,
    ),
    Query(
        "list_payments",
        "/v1/payments",
        "orders:read",
        READ_MODEL.name,
        ListPayments,
        list_payments,
        "Payments: open, failed, with a discrepancy, to be captured before they expire",
        "All payments of a past moment would take the whole log to answer. List the payments of"
        " now, and ask for each that matters: GET /v1/payments/{payment_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=PaymentsAnswer,
        direct=PAYMENTS,
    ),
)
