"""Queries about customers: their orders, and all personal data of one person.

There is no read model of customers: nothing personal is kept anywhere else but sealed in their
orders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_ledger.domain.customers.answers import CustomerExportAnswer, CustomerSummaryAnswer
from oms_ledger.domain.customers.events import CustomerHeld
from oms_ledger.domain.customers.state import GUEST, CustomerRecord
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.json_values import feed_item, revealed_json, rfc3339
from oms_ledger.domain.orders.answers import OrdersAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Personal, change_personal, key_of, with_fields
from oms_ledger.kernel import Json, Query, Reader, Recorded, stream_id
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import ListOrders, list_orders
from oms_projections.order_status.queries import history_of, shipments_of
from oms_projections.order_status.views import detail, document_of
from oms_projections.pages import Cursor, Limit
from oms_projections.values import WITHIN, Within, column, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

MASKED = "***"
"""In the place of what is personal of somebody else."""

NOW_ALONE = (
    "Customers are shown as they are now. For the past of an order:"
    " GET /v1/orders/{order_id}?as_of=."
)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetCustomer:
    """`record` is the name of the customer's record where it is not `customer_id` itself: that of
    an e-mail address is the name of a key."""

    customer_id: str
    record: SkipJsonSchema[str | None] = field(default=None, init=False)

    @property
    def record_name(self) -> str:
        return self.record or self.customer_id


def get_customer(params: GetCustomer, reader: Reader) -> Mapping[str, Json]:
    """`customer` is what the newest order says; `forgotten` how often they were forgotten; `holds`
    the legal holds in force. A guest's `customer_id` is their e-mail address."""
    return _summary(params, _orders_of(params, reader), reader)


def _orders_of(params: GetCustomer, reader: Reader) -> list[dict[str, object]]:
    """Orders with the customer's id, and those that are sealed with the key of their record."""
    key = _key_of(params.record_name)
    rows = reader.rows("orders_of_customer", customer=params.customer_id, key=key)
    if not rows:
        raise _unknown()
    return rows


def _key_of(record: str) -> str | None:
    return record.removeprefix(GUEST) if record.startswith(GUEST) else None


def _summary(
    params: GetCustomer, rows: Sequence[Mapping[str, object]], reader: Reader
) -> dict[str, Json]:
    record = reader.fold(CustomerRecord, params.record_name)
    is_id = params.customer_id in map(_id_in, rows)
    return {
        "customer_id": params.customer_id if is_id else params.record_name,
        "customer": revealed_json(rows[-1]["customer"]),
        "orders": len(rows),
        "first_order_at": maybe_time(rows[0], "placed_at"),
        "last_order_at": maybe_time(rows[-1], "placed_at"),
        "forgotten": record.forgotten,
        "holds": _holds(record, reader.history(stream_id(CustomerRecord, params.record_name))),
    }


def _id_in(row: Mapping[str, object]) -> object:
    customer = row["customer"]
    return customer.get("id") if isinstance(customer, dict) else None


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


def _unknown() -> NotFound:
    return NotFound(
        "There is no order of a customer with this id. GET /v1/orders?q= looks for an e-mail"
        " address."
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerOrders:
    """`record` as in `GetCustomer`."""

    customer_id: str
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)
    record: SkipJsonSchema[str | None] = field(default=None, init=False)


def customer_orders(params: CustomerOrders, reader: Reader) -> Mapping[str, Json]:
    request = ListOrders(customer=params.customer_id, cursor=params.cursor, limit=params.limit)
    page = list_orders(with_fields(request, within=params.within), reader)
    guest = (params.record or params.customer_id).startswith(GUEST)
    if guest and not page["items"] and params.cursor is None:
        raise NotFound("A guest has no id. GET /v1/orders?q= finds their orders by e-mail address.")
    return page


def export_customer(params: GetCustomer, reader: Reader) -> Mapping[str, Json]:
    """Orders in full with their addresses and shipments, every event of these, legal holds, and
    who was shown any of it when and what for; with what was ordered as a guest with an e-mail
    address of the customer. Notes and references that staff wrote are in the events. What is
    personal of others who had the order before it was edited is left out."""
    rows = _orders_of(params, reader)
    subject = f"customer:{params.customer_id}"
    as_guest = reader.rows("orders_of_their_addresses", subject=subject)
    keys = {row["person"] for row in (*rows, *as_guest)}
    orders: list[Json] = []
    events: list[Json] = []
    for row in {str(row["order_id"]): row for row in (*rows, *as_guest)}.values():
        order_id = column(row, "order_id", str)
        document = document_of(reader.history(stream_id(Order, order_id)))
        orders.append(detail(document, shipments_of(order_id, reader)))
        events += [feed_item(_without_others(r, keys)) for r in history_of(order_id, reader)]
    own = reader.history(stream_id(CustomerRecord, params.record_name))
    return {
        **_summary(params, rows, reader),
        "order_details": orders,
        "events": [*events, *(feed_item(r) for r in own)],
        "accesses": _accesses(params, reader),
    }


def _without_others(r: Recorded, keys: Collection[object]) -> Recorded:
    """The event without personal values that are sealed with another key than these."""

    def own(value: Personal, name: str) -> Personal:
        return value if key_of(value) in (None, *keys) else Personal(MASKED)

    return replace(r, event=change_personal(r.event, own))


def _accesses(params: GetCustomer, reader: Reader) -> list[Json]:
    key, subject = _key_of(params.record_name), f"customer:{params.customer_id}"
    rows = reader.rows("accesses_of_customer", subject=subject, key=key)
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
        within_channels=WITHIN,
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
