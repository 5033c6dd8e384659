"""Guards of commands: what a command is about, or the refusal where that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Protocol

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.errors import NotFound, Refused, illegal_transition
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.units import steps_of
from oms_ledger.kernel import Given, Json, Ref


def existing_order(given: Given, order_id: str, *, unplaced: bool = False) -> Order:
    """The order. `NotFound` where there is none; `Refused` with `illegal_transition` where it is in
    the queue, or was rejected from it, unless `unplaced` orders are allowed."""
    order = given.state(Order, order_id)
    if order.placed is None:
        raise NotFound(f"There is no order {order_id}. Look it up with GET /v1/orders?q=...")
    if order.course.unplaced and not unplaced:
        status = order.statuses.order
        remedy = "Wait until it is placed, or cancel it." if status == "received" else ""
        raise illegal_transition(
            "The order", status, "changed", remedy or "It was never placed: place another one."
        )
    return order


def customer_id_of(order: Order) -> str | None:
    """The id of an order's customer; None where it has none, or there is no such order."""
    customer = order.terms.customer if order.placed is not None else None
    return None if customer is None else customer.id


def existing_shipment(given: Given, shipment_id: str) -> tuple[Shipment, ShipmentCreated]:
    shipment = given.state(Shipment, shipment_id)
    if shipment.created is None:
        raise NotFound(f"There is no shipment {shipment_id}. Look it up with GET /v1/shipments.")
    return shipment, shipment.created


def shipment_refs(shipment_id: str, given: Given) -> list[Ref]:
    """A shipment and its order."""
    created = given.state(Shipment, shipment_id).created
    order: list[Ref] = [(Order, created.order_id)] if created else []
    return [(Shipment, shipment_id), *order]


def require_location(given: Given, code: str) -> None:
    if given.state(Location, code).defined is None:
        raise Refused(
            f"There is no location {code}. Define it with PUT /v1/locations/{code}.",
            code="unknown_location",
            errors=[{"location": code}],
        )


def existing_product(sku: str, given: Given) -> ProductDefined:
    """The product as it was defined last. `Refused` with `unknown_sku` where it never was."""
    product = given.state(Product, sku).defined
    if product is None:
        raise Refused(
            f"Never heard of {sku}. Define it with PUT /v1/products/{{sku}} first.",
            code="unknown_sku",
            errors=[{"sku": sku}],
        )
    return product


def refuse_unknown_skus(
    lines: Iterable[tuple[str, str]], given: Given, *, then: str = "order again"
) -> None:
    """`Refused` with `unknown_sku`, naming every line whose product was never defined. `lines` are
    ids of lines with their SKUs; `then` is what to do once the product is defined."""
    unknown: list[dict[str, Json]] = [
        {"line": line_id, "sku": sku}
        for line_id, sku in lines
        if given.state(Product, sku).defined is None
    ]
    if unknown:
        skus = ", ".join(sorted({str(each["sku"]) for each in unknown}))
        raise Refused(
            f"Never heard of {skus}. Define it with PUT /v1/products/{{sku}}, or receive stock"
            f" of it, and {then}.",
            code="unknown_sku",
            errors=unknown,
        )


def stock_of_lines(order: Order, line_ids: Collection[str] | None = None) -> list[Ref]:
    """The stock that lines of the order are allocated or backordered at: those with these ids, or
    all of them."""
    refs: list[Ref] = []
    for line_id, progress in order.lines.items():
        if line_ids is not None and line_id not in line_ids:
            continue
        line = progress.line
        skus = [each.sku for each in line.components] if line.components else [line.sku]
        for location in {*progress.allocated_at, *progress.backordered_at}:
            refs += [(StockLevel, stock_key(sku, location)) for sku in skus]
    return refs


def quantities(lines: Iterable[tuple[str, int]]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id, quantity) for line_id, quantity in lines)


class RequestedUnits(Protocol):
    """Anything in a request that has a quantity of a line of an order."""

    @property
    def line_id(self) -> str: ...

    @property
    def quantity(self) -> int | Decimal: ...


def line_quantity(line: RequestedUnits, order: Order, field: str) -> int:
    """The quantity as it is kept: see `steps_of`. A line that the order does not have is refused
    whatever its quantity, and has at least 1."""
    progress = order.lines.get(line.line_id)
    if progress is None:
        return line.quantity if isinstance(line.quantity, int) else 1
    return steps_of(line.quantity, progress.line.unit, f"{field}.quantity")


def line_quantities(
    lines: Iterable[RequestedUnits], order: Order, field: str = "lines"
) -> list[LineQuantity]:
    """The lines of a request with their quantities as they are kept."""
    return [
        LineQuantity(line.line_id, line_quantity(line, order, f"{field}.{n}"))
        for n, line in enumerate(lines)
    ]
