"""Correcting what is personal in several orders of one customer at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note
from oms_commands.customers._fields import ContactFields
from oms_commands.orders._fields import AddressFields, address_of
from oms_ledger.domain.customers.answers import CorrectedCustomerAnswer
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.rules.amendment import WantedEdit, edit
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Person
from oms_ledger.domain.routing.source import is_routed
from oms_ledger.domain.texts import composed
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CorrectCustomer(Command):
    """Correct name, e-mail address, telephone number and addresses in orders of a customer.

    All orders or none. Also in orders that are completed, cancelled or expired: what is wrong about
    a person is corrected wherever it is. What is left out stays as it is; an address replaces the
    one before whole. GET /v1/customers/{customer_id}/orders lists the orders.
    """

    name: ClassVar[str] = "CorrectCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/correct")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = CorrectedCustomerAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "order_ids": ["01928f3c-0000-7000-8000-000000000001"],
        "customer": {"name": "Ada King"},
        "shipping_address": {"name": "Ada King", "line1": "2 High Street", "country": "GB"},
        "note": "By letter.",
    }

    customer_id: Id
    order_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=100)]
    customer: ContactFields | None = None
    shipping_address: AddressFields | None = None
    billing_address: AddressFields | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _corrects_something(self) -> CorrectCustomer:
        if len(set(self.order_ids)) < len(self.order_ids):
            raise ValueError("order_ids: write each order once")
        parts = (self.customer, self.shipping_address, self.billing_address)
        if all(part is None for part in parts):
            raise ValueError("customer: write what is to be corrected, here or in an address")
        return self

    def person(self, ctx: Context) -> Person:
        return Person(self.customer_id, f"order:{self.order_ids[0]}")

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, order_id) for order_id in self.order_ids]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        orders = [existing_order(given, order_id) for order_id in self.order_ids]
        _refuse_foreign(self.customer_id, orders)
        edits = [(order, self._wanted(order, ctx, given)) for order in orders]
        return [change for each in edits for change in edit(*each, ctx, given)]

    def _wanted(self, order: Order, ctx: Context, given: Given) -> WantedEdit:
        agreed, contact = order.terms.customer or Customer(), self.customer or ContactFields()
        address, routed = self.shipping_address, is_routed(order.channel, given)
        corrected = Customer(
            agreed.id,
            contact.name or agreed.name,
            contact.email or agreed.email,
            contact.phone or agreed.phone,
        )
        return WantedEdit(
            ctx.command_id,
            customer=None if self.customer is None else corrected,
            shipping_address=address_of(address),
            postal_area=address.postal_area if address and routed else None,
            billing_address=address_of(self.billing_address),
            note=self.note,
            is_correction=True,
        )

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        edited = [
            order_id
            for order_id in self.order_ids
            if (edits := given.state(Order, order_id).edits) and edits.newest_id == ctx.command_id
        ]
        return {"customer_id": self.customer_id, "corrected": list[Json](edited)}


def _is_of(customer_id: str, customer: Customer | None) -> bool:
    """Whether an order's customer has this id, whatever Unicode form either is in."""
    own = customer.id if customer is not None else None
    return own is not None and composed(own) == composed(customer_id)


def _refuse_foreign(customer_id: str, orders: Iterable[Order]) -> None:
    """`Refused` with `another_person`, naming every order that is not the customer's."""
    foreign = [
        order.first_event.order_id
        for order in orders
        if not _is_of(customer_id, order.terms.customer)
    ]
    if foreign:
        raise Refused(
            f"Orders {', '.join(foreign)} are not of customer {customer_id}. Leave them out; GET"
            f" /v1/customers/{customer_id}/orders lists the customer's.",
            code="another_person",
            errors=[{"order_id": each} for each in foreign],
        )
