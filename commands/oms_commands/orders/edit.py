"""Editing an order: lines, prices, addresses, customer, shipping and promise, all at once or not at
all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Annotated, ClassVar, TypeVar

from msgspec.structs import replace
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Note, OccurredAt, minor_units
from oms_commands.orders._fields import (
    AddLine,
    AddressFields,
    EditChange,
    SetBillingAddress,
    SetCustomer,
    SetPrice,
    SetPromise,
    SetQuantity,
    SetShipping,
    SetShippingAddress,
    address_of,
    customer_of,
    emails_of,
    line_of,
    shipping_of,
)
from oms_ledger.domain.catalogue.state import product_refs, stored_sku
from oms_ledger.domain.fulfilments.rules import put_back_if_begun, refs_if_begun
from oms_ledger.domain.guards import existing_order, line_quantity, stock_of_lines
from oms_ledger.domain.money import to_minor
from oms_ledger.domain.orders.answers import EditedOrderAnswer
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.holds import HOLDABLE
from oms_ledger.domain.orders.rules.amendment import NewPrice, WantedEdit, edit, next_line_id
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import edited_order_view
from oms_ledger.domain.personal import Person, personal_values, with_fields
from oms_ledger.domain.risk.rules import blocked_list_holds
from oms_ledger.domain.routing.source import is_routed, routing_refs
from oms_ledger.domain.stock.rules import (
    shortage_refs,
    skus_taken,
    stock_group_refs,
    stock_skus,
    wanted_refs,
)
from oms_ledger.domain.times import dated
from oms_ledger.domain.units import scaled
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route

_Change = TypeVar("_Change")


@dataclass(frozen=True, slots=True, config=STRICT)
class EditOrder(Command):
    """Change what was agreed: all of the changes, or none.

    Only units can be taken away that are neither packed, shipped nor cancelled, and only lines
    without packed or shipped units get another price. Stock is allocated and freed with the lines,
    and short units are backordered if the order was placed with `backorder: allow`. A dry run is
    the preview; `If-Match` keeps an edit from overwriting another one. Another shipping service
    changes no promised date. Another customer needs the addresses anew.
    """

    name: ClassVar[str] = "EditOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/edit")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = EditedOrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "changes": [
            {"type": "set_quantity", "line_id": "1", "quantity": 4},
            {"type": "set_price", "line_id": "1", "unit_price": "2.45", "tax": "0.00"},
            {"type": "add_line", "line": {"sku": "85123A", "quantity": 1, "unit_price": "2.55"}},
            {"type": "set_shipping", "shipping": {"service": "express", "price": "9.95"}},
        ],
        "note": "By telephone.",
        "notify_customer": True,
    }

    order_id: Id
    changes: Annotated[tuple[EditChange, ...], Field(min_length=1, max_length=2000)]
    note: Note | None = None
    notify_customer: bool = False
    occurred_at: OccurredAt = None
    owner: SkipJsonSchema[Person | None] = field(default=None, init=False)
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    @model_validator(mode="after")
    def _each_thing_is_changed_once(self) -> EditOrder:
        _check_changes(self.changes)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        quantities = self._of(SetQuantity)
        refs: list[Ref] = [(Order, self.order_id)]
        refs += stock_of_lines(order, {each.line_id for each in quantities})
        refs += [ref for each in self._of(AddLine) for ref in product_refs(each.line.sku)]
        refs += [
            ref
            for each in self._of(AddLine)
            for ref in wanted_refs(stored_sku(each.line.sku, given), given)
        ]
        skus = _skus_wanted(order, quantities, self._of(AddLine), given)
        refs += [ref for sku in skus for ref in stock_group_refs(sku)]
        if order.placed:
            refs += shortage_refs(skus, order.terms.backorder, order.terms.channel, given)
            address = self._new_address
            country = order.terms.country if address is None else address.country
            refs += routing_refs(order.terms.channel, country, skus, given, self.order_id)
        return [*refs, *refs_if_begun(self.order_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        edited = edit(order, self._wanted(order, ctx, given), ctx, given)
        changes = put_back_if_begun(edited, order, given)
        return dated([*changes, *self._holds(order, edited, given)], self.occurred_at, ctx)

    def _holds(self, order: Order, changes: Sequence[Change], given: Given) -> list[Change]:
        """The hold of an order whose new customer is on the blocked list."""
        edited = [each.event for each in changes if isinstance(each.event, OrderEdited)]
        if not edited or edited[0].customer is None or order.statuses.order not in HOLDABLE:
            return []
        terms = replace(order.terms, customer=edited[0].customer)
        holds = blocked_list_holds(self.order_id, terms, self.email_blinds, given)
        return [Change(hold) for hold in holds if hold.hold_id not in order.holds]

    @property
    def emails_to_blind(self) -> tuple[str, ...]:
        """Of a new customer, whose id may be one too, to be compared with the blocked list."""
        return tuple(email for each in self._of(SetCustomer) for email in emails_of(each.customer))

    def with_blinds(self, blinds: Sequence[str]) -> EditOrder:
        return with_fields(self, email_blinds=tuple(blinds))

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return edited_order_view(given.state(Order, self.order_id), ctx.command_id)

    def person(self, ctx: Context) -> Person:
        fallback = f"order:{self.order_id}"
        for each in self._of(SetCustomer):
            return Person(each.customer.id, fallback)
        return self.owner or Person(None, fallback)

    @property
    def lacks_person(self) -> bool:
        return self.owner is None and not self._of(SetCustomer) and bool(personal_values(self))

    def with_person(self, person: Person) -> EditOrder:
        return with_fields(self, owner=person)

    @property
    def _new_address(self) -> AddressFields | None:
        """The new shipping address."""
        return next((each.address for each in self._of(SetShippingAddress)), None)

    def _of(self, kind: type[_Change]) -> list[_Change]:
        return [each for each in self.changes if isinstance(each, kind)]

    def _wanted(self, order: Order, ctx: Context, given: Given) -> WantedEdit:
        """The edit in the domain's types; `Invalid` where the currency cannot express an amount."""
        currency = order.terms.currency
        for name, amount in _amounts(self.changes):
            minor_units(amount, currency, name)
        included, first = order.terms.lines[0].tax_included, next_line_id(order)
        numbered = [(f"changes.{n}", each) for n, each in enumerate(self.changes)]
        new = [(name, each.line) for name, each in numbered if isinstance(each, AddLine)]
        added = tuple(
            line_of(n, line, currency, given, field=f"{field}.line", tax_included=included)
            for n, (field, line) in enumerate(new, first)
        )
        quantities = {
            each.line_id: line_quantity(each, order, name)
            for name, each in numbered
            if isinstance(each, SetQuantity)
        }
        shipping = [each.shipping for each in self._of(SetShipping)]
        promises, new_address = self._of(SetPromise), self._new_address
        routed = new_address is not None and is_routed(order.channel, given)
        return WantedEdit(
            ctx.command_id,
            added,
            quantities,
            {each.line_id: _price_of(each, currency) for each in self._of(SetPrice)},
            next((customer_of(each.customer) for each in self._of(SetCustomer)), None),
            address_of(new_address),
            next((address_of(each.address) for each in self._of(SetBillingAddress)), None),
            new_address.postal_area if new_address and routed else None,
            shipping_of(shipping[0] if shipping else None, currency, tax_included=included),
            promises[0].promised_ship_at if promises else None,
            promises[0].promised_delivery_at if promises else None,
            self.note,
            self.notify_customer,
        )


def _check_changes(changes: Sequence[EditChange]) -> None:
    """ValueError naming the change where one thing is changed twice, or nothing is."""
    counted: Counter[tuple[str, str]] = Counter()
    for n, each in enumerate(changes):
        if isinstance(each, AddLine):
            continue
        line_id = each.line_id if isinstance(each, SetQuantity | SetPrice) else ""
        counted[each.type, line_id] += 1
        if counted[each.type, line_id] > 1:
            what = f"{each.type} of line {line_id}" if line_id else each.type
            raise ValueError(f"changes.{n}: {what} is there already; write it once")
        if isinstance(each, SetPrice) and each.unit_price is each.tax is each.discount is None:
            raise ValueError(f"changes.{n}: write unit_price, tax or discount")
        if isinstance(each, SetPromise) and (
            each.promised_ship_at is each.promised_delivery_at is None
        ):
            raise ValueError(f"changes.{n}: write promised_ship_at or promised_delivery_at")


def _amounts(changes: Sequence[EditChange]) -> Iterator[tuple[str, Decimal]]:
    """Every amount of the changes, with the name of its field."""
    for n, each in enumerate(changes):
        amounts: dict[str, Decimal | None] = {}
        if isinstance(each, AddLine | SetPrice):
            priced, within = (each.line, "line.") if isinstance(each, AddLine) else (each, "")
            amounts = {
                f"{within}unit_price": priced.unit_price,
                f"{within}tax": priced.tax,
                f"{within}discount": priced.discount,
            }
        elif isinstance(each, SetShipping):
            charge = each.shipping
            amounts = {"shipping.price": charge.price, "shipping.tax": charge.tax}
        for name, amount in amounts.items():
            if amount is not None:
                yield f"changes.{n}.{name}", amount


def _price_of(change: SetPrice, currency: str) -> NewPrice:
    def minor(amount: Decimal | None) -> int | None:
        return None if amount is None else to_minor(amount, currency)

    return NewPrice(minor(change.unit_price), minor(change.tax), minor(change.discount))


def _skus_wanted(
    order: Order, quantities: Iterable[SetQuantity], added: Iterable[AddLine], given: Given
) -> set[str]:
    """The SKUs of whose stock the order may get more units."""
    lines = [(order.lines[q.line_id].line, q) for q in quantities if q.line_id in order.lines]
    more = [line for line, each in lines if scaled(each.quantity, line.unit) > line.quantity]
    of_added = (stock_skus(stored_sku(each.line.sku, given), given) for each in added)
    return {*skus_taken(more), *(sku for skus in of_added for sku in skus)}
