"""Events of orders and of customers' records folded into the rows of customers."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.customers.events import (
    CustomerForgotten,
    CustomerRestricted,
    CustomerRestrictionLifted,
    CustomerTagged,
)
from oms_ledger.domain.customers.state import RESERVED, tags_after
from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
    PaymentProgressed,
    ReturnProgressed,
)
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.customers.rows import CustomerOrderRow, CustomerRow

OrderChange = OrderEdited | OrderCancelled | OrderResumed | PaymentProgressed | ReturnProgressed
ORDER_CHANGES = (OrderEdited, OrderCancelled, OrderResumed, PaymentProgressed, ReturnProgressed)
RecordChange = CustomerTagged | CustomerForgotten | CustomerRestricted | CustomerRestrictionLifted
RECORDED = (CustomerTagged, CustomerForgotten, CustomerRestricted, CustomerRestrictionLifted)
VOID = frozenset({"declined", "cancelled"})


def listed_id(customer: Customer | None) -> str | None:
    """The id under which a customer is listed. Guests have none; nor have those whose id is an
    e-mail address or the name of another record."""
    if customer is None or customer.id is None:
        return None
    hidden = "@" in customer.id or customer.id.startswith(RESERVED)
    return None if hidden else customer.id


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, ORDER_CHANGES):
        yield CustomerOrderRow, (event.order_id,)
    if isinstance(event, OrderEdited):
        new = listed_id(event.customer)
        if new is not None:
            yield CustomerRow, (new,)
    elif isinstance(event, OrderPlaced):
        customer = listed_id(event.terms.customer)
        if customer is not None:
            yield CustomerRow, (customer,)
    elif isinstance(event, RECORDED):
        yield CustomerRow, (event.customer_id,)


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, OrderPlaced):
        terms = event.terms
        customer = listed_id(terms.customer)
        _add_customer(page, customer)
        units = sum(line.quantity for line in terms.lines)
        page.add(
            CustomerOrderRow(
                event.order_id, customer, event.placed_at, terms.currency, terms.total, units
            )
        )
    elif isinstance(event, ORDER_CHANGES):
        order = page.get(CustomerOrderRow, event.order_id)
        if order is None and isinstance(event, OrderCancelled):
            return  # it was cancelled in the queue
        if order is None:
            raise LookupError(f"{event.type} for order {event.order_id}, never placed")
        if isinstance(event, OrderEdited) and event.customer is not None:
            order.customer_id = listed_id(event.customer)
            _add_customer(page, order.customer_id)
        changed(order, event)
        page.put(order)
    elif isinstance(event, RECORDED) and not event.customer_id.startswith(RESERVED):
        row = page.get(CustomerRow, event.customer_id) or CustomerRow(event.customer_id)
        recorded(row, event)
        page.put(row)


def _add_customer(page: Page, customer_id: str | None) -> None:
    if customer_id is not None and page.get(CustomerRow, customer_id) is None:
        page.put(CustomerRow(customer_id))


def recorded(row: CustomerRow, event: RecordChange) -> None:
    match event:
        case CustomerTagged():
            row.tags = tags_after(row.tags, event)
        case CustomerForgotten():
            row.forgotten += 1
        case CustomerRestricted():
            row.restricted = True
        case CustomerRestrictionLifted():
            row.restricted = False


def changed(row: CustomerOrderRow, event: OrderChange) -> None:
    match event:
        case OrderEdited():
            row.total = event.total_after
            row.units += sum(line.quantity for line in event.added)
            row.units += sum(each.line.quantity - each.quantity_before for each in event.changed)
        case OrderCancelled():
            row.cancelled += sum(line.quantity for line in event.lines)
        case OrderResumed():
            row.cancelled -= sum(line.quantity for line in event.lines)
        case PaymentProgressed():
            amounts = [event.captured, event.refunded, event.charged_back]
            row.payments[event.payment_id] = amounts
            row.refunded = sum(refunded for _, refunded, _ in row.payments.values())
            row.paid = sum(taken - back - lost for taken, back, lost in row.payments.values())
        case ReturnProgressed():
            row.returns[event.return_id] = event.status
            row.returned = sum(status not in VOID for status in row.returns.values())


READ_MODEL = ReadModel(
    name="customers",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(CustomerRow, CustomerOrderRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in (OrderPlaced, *ORDER_CHANGES, *RECORDED)),
)
