"""Queries about customers: their list, their orders, and all personal data of one person.

The read model of customers has nothing personal: that is kept nowhere else but sealed in their
orders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, field
from typing import cast

from msgspec import to_builtins
from msgspec.structs import replace
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_ledger.domain.customers.answers import (
    CustomerExportAnswer,
    CustomersAnswer,
    CustomerSummaryAnswer,
)
from oms_ledger.domain.customers.events import CustomerHeld, CustomerNoted, CustomerRestricted
from oms_ledger.domain.customers.state import GUEST, CustomerRecord
from oms_ledger.domain.drafts.events import DRAFT_EVENTS
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import message_group
from oms_ledger.domain.json_values import feed_item, revealed_json, rfc3339
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.messages.views import message_view
from oms_ledger.domain.orders.answers import OrdersAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Personal, change_personal, key_of, with_fields
from oms_ledger.kernel import (
    Json,
    Query,
    Reader,
    Recorded,
    all_events,
    events_of,
    stream_id,
)
from oms_projections.customers.fold import READ_MODEL as CUSTOMERS
from oms_projections.customers.lists import ListCustomers, list_customers
from oms_projections.drafts.fold import row_of, state_of
from oms_projections.drafts.views import shown as shown_draft
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import ListOrders, list_orders
from oms_projections.order_status.queries import history_of, shipments_of
from oms_projections.order_status.views import detail, document_of
from oms_projections.pages import Cursor, Limit
from oms_projections.search import facets_of
from oms_projections.state_documents import state_after
from oms_projections.values import WITHIN, Within, column, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

NOTES_SHOWN = 100

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


def _orders_of(
    params: GetCustomer, reader: Reader, *, needed: bool = True
) -> list[dict[str, object]]:
    """Orders with the customer's id, and those that are sealed with the key of their record."""
    key = _key_of(params.record_name)
    rows = reader.rows("orders_of_customer", customer=params.customer_id, key=key)
    if needed and not rows:
        raise _unknown()
    return rows


def _drafts_of(params: GetCustomer, subject: str, reader: Reader) -> list[dict[str, object]]:
    """The customer's drafts, oldest first, deleted ones too. Those that have changed since their
    own read model was folded are taken from the log."""
    keys = [column(row, "key_id", str) for row in reader.rows("guest_keys", subject=subject)]
    if (own := _key_of(params.record_name)) is not None:
        keys.append(own)
    position = reader.rows("position_of_model", model="drafts")
    after = column(position[0], "position", int) if position else 0
    rows = reader.rows("drafts_of_customer", customer=params.customer_id, keys=keys)
    drafts = {column(row, "draft_id", str): row for row in rows}
    for r in all_events(reader, after, {event.type for event in DRAFT_EVENTS}):
        row = row_of(events_of(reader, r.stream))
        if row and (row.customer_id == params.customer_id or row.person in keys):
            drafts[row.draft_id] = asdict(row)
    return list(drafts.values())


def _key_of(record: str) -> str | None:
    return record.removeprefix(GUEST) if record.startswith(GUEST) else None


def _summary(
    params: GetCustomer, rows: Sequence[Mapping[str, object]], reader: Reader
) -> dict[str, Json]:
    """`rows` are the customer's orders, the newest last; drafts where there is no order."""
    record = reader.fold(CustomerRecord, params.record_name)
    history = reader.history(stream_id(CustomerRecord, params.record_name))
    customers = [_customer_in(row) for row in rows]
    is_id = params.customer_id in (each.get("id") for each in customers)
    placed = [row for row in rows if "placed_at" in row]
    return {
        "customer_id": params.customer_id if is_id else params.record_name,
        "customer": revealed_json(customers[-1]) if customers[-1] else None,
        "orders": len(placed),
        "first_order_at": maybe_time(placed[0], "placed_at") if placed else None,
        "last_order_at": maybe_time(placed[-1], "placed_at") if placed else None,
        "forgotten": record.forgotten,
        "holds": _holds(record, history),
        "restriction": _restriction(record, history),
        "tags": list(record.tags),
        "notes": _notes(history),
    }


def _customer_in(row: Mapping[str, object]) -> Mapping[str, object]:
    """The customer of the row of an order or a draft; empty where it names none."""
    if "document" in row:
        content = state_of(column(row, "document", str)).content
        named = None if content is None else content.customer
        return {} if named is None else cast(Mapping[str, object], to_builtins(named))
    customer = row["customer"]
    return customer if isinstance(customer, dict) else {}


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


def _restriction(record: CustomerRecord, history: Sequence[Recorded]) -> Json:
    """The restriction in force, with who set it and when."""
    restricted = record.restricted
    if restricted is None:
        return None
    (*_, newest) = (r for r in history if isinstance(r.event, CustomerRestricted))
    return {
        "reason": restricted.reason,
        "reference": restricted.reference,
        "restricted_at": rfc3339(newest.meta.recorded_at),
        "restricted_by": newest.meta.actor,
    }


def _notes(history: Sequence[Recorded]) -> list[Json]:
    """The newest notes, the oldest of them first."""
    notes: list[Json] = [
        {"text": r.event.text, "at": rfc3339(r.meta.recorded_at), "by": r.meta.actor}
        for r in history
        if isinstance(r.event, CustomerNoted)
    ]
    return notes[-NOTES_SHOWN:]


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
    subject = f"customer:{params.customer_id}"
    drafts = _drafts_of(params, subject, reader)
    rows = _orders_of(params, reader, needed=not drafts)
    as_guest = reader.rows("orders_of_their_addresses", subject=subject)
    keys = {row["person"] for row in (*rows, *as_guest, *drafts)}
    orders: list[Mapping[str, Json]] = []
    history: dict[int, Recorded] = {}
    for row in {str(row["order_id"]): row for row in (*rows, *as_guest)}.values():
        order_id = column(row, "order_id", str)
        document = document_of(reader.history(stream_id(Order, order_id)))
        orders.append(detail(document, shipments_of(order_id, reader)))
        history |= {r.position: r for r in history_of(order_id, reader)}
    sent = _messages_about(orders, reader)
    history |= {r.position: r for each in sent for r in each}
    for row in drafts:
        stream = stream_id(Draft, column(row, "draft_id", str))
        history |= {r.position: r for r in reader.history(stream)}
    own = reader.history(stream_id(CustomerRecord, params.record_name))
    return {
        **_summary(params, rows or drafts, reader),
        "order_details": orders,
        "messages": [message_view(state_after(Message(), each)) for each in sent],
        "drafts": [each for each in map(shown_draft, drafts) if each["status"] != "deleted"],
        "events": [
            *(feed_item(_without_others(r, keys)) for r in history.values()),
            *(feed_item(r) for r in own),
        ],
        "accesses": _accesses(params, reader),
    }


def _messages_about(
    orders: Sequence[Mapping[str, Json]], reader: Reader
) -> list[Sequence[Recorded]]:
    """The events of each message to the customer about these orders."""
    order_ids = [str(order["order_id"]) for order in orders]
    names = facets_of("order", order_ids)
    rows = reader.rows("messages_of_orders", orders=names) if names else []
    ids = [key for order_id in order_ids for key in reader.keys(Message, message_group(order_id))]
    ids += [column(row, "message_id", str) for row in rows]
    return [reader.history(stream_id(Message, message_id)) for message_id in dict.fromkeys(ids)]


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
        "list_customers",
        "/v1/customers",
        "orders:read",
        CUSTOMERS.name,
        ListCustomers,
        list_customers,
        "Customers with their orders, what they paid, and their tags",
        NOW_ALONE,
        answer_type=CustomersAnswer,
    ),
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
