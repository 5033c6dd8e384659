"""Queries about customers: their orders, and all personal data of one person.

There is no read model of customers: nothing personal is kept anywhere else but sealed in their
orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.customers.answers import CustomerExportAnswer, CustomerSummaryAnswer
from oms_ledger.domain.customers.events import CustomerHeld
from oms_ledger.domain.customers.state import GUEST, CustomerRecord
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.json_values import feed_item, revealed_json, rfc3339
from oms_ledger.domain.orders.answers import OrdersAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Json, Query, Reader, Recorded, stream_id
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import ListOrders, list_orders
from oms_projections.order_status.queries import history_of, shipments_of
from oms_projections.order_status.views import detail, document_of
from oms_projections.pages import Cursor, Limit
from oms_projections.values import column, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

NOW_ALONE = (
    "Customers are shown as they are now. For the past of an order:"
    " GET /v1/orders/{order_id}?as_of=."
)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetCustomer:
    customer_id: str


def get_customer(params: GetCustomer, reader: Reader) -> Mapping[str, Json]:
    """`customer` is what the newest order says; `forgotten` how often they were forgotten; `holds`
    the legal holds in force. A guest's `customer_id` is their e-mail address."""
    rows = _orders_of(params.customer_id, reader)
    return _summary(params.customer_id, rows, reader)


def _orders_of(customer_id: str, reader: Reader) -> list[dict[str, object]]:
    key = customer_id.removeprefix(GUEST) if customer_id.startswith(GUEST) else None
    rows = reader.rows("orders_of_customer", customer=customer_id, key=key)
    if not rows:
        raise _unknown(customer_id)
    return rows


def _summary(
    customer_id: str, rows: Sequence[Mapping[str, object]], reader: Reader
) -> dict[str, Json]:
    record = reader.fold(CustomerRecord, customer_id)
    return {
        "customer_id": customer_id,
        "customer": revealed_json(rows[-1]["customer"]),
        "orders": len(rows),
        "first_order_at": maybe_time(rows[0], "placed_at"),
        "last_order_at": maybe_time(rows[-1], "placed_at"),
        "forgotten": record.forgotten,
        "holds": _holds(record, reader.history(stream_id(CustomerRecord, customer_id))),
    }


def _holds(record: CustomerRecord, history: Sequence[Recorded]) -> list[Json]:
    """The legal holds in force, with who placed them and when."""
    return [
        {
            "hold_id": r.event.hold_id,
            "reason": r.event.reason,
            "reference": r.event.reference,
            "held_at": rfc3339(r.meta.recorded_at),
            "held_by": r.meta.actor,
        }
        for r in history
        if isinstance(r.event, CustomerHeld) and r.event.hold_id in record.holds
    ]


def _unknown(customer_id: str) -> NotFound:
    return NotFound(
        f"There is no order of a customer {customer_id!r}. GET /v1/orders?q= looks for an e-mail"
        " address."
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerOrders:
    customer_id: str
    cursor: Cursor = None
    limit: Limit = 50


def customer_orders(params: CustomerOrders, reader: Reader) -> Mapping[str, Json]:
    if params.customer_id.startswith(GUEST):
        raise NotFound("A guest has no id. GET /v1/orders?q= finds their orders by e-mail address.")
    request = ListOrders(customer=params.customer_id, cursor=params.cursor, limit=params.limit)
    return list_orders(request, reader)


def export_customer(params: GetCustomer, reader: Reader) -> Mapping[str, Json]:
    """Orders in full with their addresses and shipments, every event of these, legal holds, and
    who was shown any of it when and what for; with what was ordered as a guest with an e-mail
    address of the customer. Notes and references that staff wrote are in the events."""
    customer_id = params.customer_id
    rows = _orders_of(customer_id, reader)
    subject = f"customer:{customer_id}"
    as_guest = reader.rows("orders_of_their_addresses", subject=subject)
    orders: list[Json] = []
    events: list[Json] = []
    for row in (*rows, *as_guest):
        order_id = column(row, "order_id", str)
        document = document_of(reader.history(stream_id(Order, order_id)))
        orders.append(detail(document, shipments_of(order_id, reader)))
        events += [feed_item(r) for r in history_of(order_id, reader)]
    own = reader.history(stream_id(CustomerRecord, customer_id))
    return {
        **_summary(customer_id, rows, reader),
        "order_details": orders,
        "events": [*events, *(feed_item(r) for r in own)],
        "accesses": _accesses(customer_id, reader),
    }


def _accesses(customer_id: str, reader: Reader) -> list[Json]:
    key = customer_id.removeprefix(GUEST) if customer_id.startswith(GUEST) else None
    rows = reader.rows("accesses_of_customer", subject=f"customer:{customer_id}", key=key)
    return [
        {
            "at": maybe_time(row, "at"),
            "actor": column(row, "actor", str),
            "purpose": column(row, "purpose", str),
            "route": column(row, "route", str),
        }
        for row in rows
    ]


QUERIES = (
    Query(
        "get_customer",
        "/v1/customers/{customer_id}",
        "orders:read",
        READ_MODEL.name,
        GetCustomer,
        get_customer,
        "A customer, as the newest order has them",
        NOW_ALONE,
        subject="customer_id",
        answer_type=CustomerSummaryAnswer,
    ),
    Query(
        "customer_orders",
        "/v1/customers/{customer_id}/orders",
        "orders:read",
        READ_MODEL.name,
        CustomerOrders,
        customer_orders,
        "The orders of a customer, the newest first",
        NOW_ALONE,
        subject="customer_id",
        answer_type=OrdersAnswer,
    ),
    Query(
        "export_customer",
        "/v1/customers/{customer_id}/export",
        "pii:read",
        READ_MODEL.name,
        GetCustomer,
        export_customer,
        "Everything about one person",
        NOW_ALONE,
        subject="customer_id",
        answer_type=CustomerExportAnswer,
    ),
)
