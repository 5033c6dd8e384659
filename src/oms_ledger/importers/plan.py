"""What is asked of the ledger for each invoice: commands, in the order of the file.

Pure: the same file and options always make the same commands with the same keys and ids, which
is why running an import again changes nothing.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.importers import ask
from oms_ledger.importers.countries import iso_code
from oms_ledger.importers.online_retail import (
    CURRENCY,
    Invoice,
    Row,
    Skip,
    Use,
    classify,
    is_service,
)
from oms_ledger.importers.returns import Match, Sales
from oms_ledger.importers.simulation import journey
from oms_ledger.importers.survey import Survey
from oms_ledger.kernel import Command, Json

CHANNEL = "import"
STEPS = uuid.UUID("5f0f8a52-6e0b-5b52-9a80-4f3c2b1d7e61")
"""Namespace of the ids of an import's commands. Never to be changed."""


@dataclass(frozen=True, slots=True)
class Options:
    """`opening_stock`: receive what the file will need before its first row; without it,
    orders may be backordered. `fulfil`: also ship and deliver, on simulated dates. `location`:
    where all of it happens."""

    opening_stock: bool = False
    fulfil: bool = False
    location: str = "MAIN"


@dataclass(frozen=True, slots=True)
class Step:
    """One command. `rows` counts, by what becomes of them, the rows of the file that are dealt
    with when it is accepted; `facts` counts what else is worth telling. `instead` is asked
    when the ledger refuses it."""

    key: str
    command: Command
    rows: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)
    instead: Step | None = None

    @property
    def command_id(self) -> str:
        """Known beforehand, so that a shipment can be made, sent off and delivered in one
        batch; the same in every run."""
        return str(uuid.uuid5(STEPS, self.key))


def shelves(found: Survey, opening: Mapping[str, int], options: Options) -> Iterator[Step]:
    """Before the first row: the place, the products, and what lies there at first."""
    place = {"type": "warehouse", "priority": 1, "name": f"Imported stock ({options.location})"}
    yield Step("location", ask.put_location(options.location, place))
    for sku in found.titles:
        product = {"title": found.title(sku), "stocked": not is_service(sku)}
        yield Step(f"product:{sku}", ask.put_product(sku, product), facts={"products": 1})
    for sku, quantity in opening.items():
        receipt = ask.receive_stock(sku, options.location, quantity, "opening stock")
        facts = {"units of opening stock": quantity}
        yield Step(f"opening:{sku}", receipt, facts=facts)


@dataclass(slots=True)
class Planner:
    """Turns invoices into steps, remembering what was sold to whom. `skipped` counts the rows
    that no step deals with."""

    options: Options
    sales: Sales
    skipped: Counter[str] = field(default_factory=Counter)

    def steps(self, invoice: Invoice) -> Iterator[Step]:
        """The invoice's order first, then its way to the buyer, then returns and corrections."""
        has_price = invoice.has_price
        lines: list[tuple[Row, Use]] = []
        others: list[tuple[int, Row, Use]] = []
        for ordinal, row in enumerate(invoice.rows, 1):
            use = classify(row, has_price)
            if isinstance(use, Skip):
                self.skipped[use] += 1
            elif use.is_order_line:
                lines.append((row, use))
            else:
                others.append((ordinal, row, use))
        if lines:
            yield self._place(invoice, lines)
            if self.options.fulfil:
                yield from self._fulfil(invoice, [row for row, _ in lines])
        for ordinal, row, use in others:
            key = f"{invoice.number}:{ordinal}"
            if use is Use.RETURN:
                yield from self._take_back(key, row)
            else:
                yield self._correct(key, row, use)

    def _place(self, invoice: Invoice, lines: Iterable[tuple[Row, Use]]) -> Step:
        rows = Counter(str(use) for _, use in lines)
        for line_id, (row, _) in enumerate(lines, 1):
            if row.customer is not None and not is_service(row.sku):
                sale = Match(invoice.number, str(line_id), row.quantity)
                self.sales.sold(row.customer, row.sku, sale)
        command = place_order(invoice, [row for row, _ in lines], self.options)
        return Step(invoice.number, command, rows, {"orders": 1})

    def _fulfil(self, invoice: Invoice, rows: Iterable[Row]) -> Iterator[Step]:
        order_id = order_id_of(invoice.number)
        if all(is_service(row.sku) for row in rows):
            return
        shipped_at, delivered_at = journey(invoice.number, invoice.at)
        create = Step(
            f"{invoice.number}:ship",
            ask.create_shipment(order_id, self.options.location),
            facts={"shipments": 1},
        )
        shipment = create.command_id
        yield create
        yield Step(f"{invoice.number}:dispatch", ask.dispatch(shipment, shipped_at))
        yield Step(f"{invoice.number}:deliver", ask.deliver(shipment, delivered_at))

    def _take_back(self, key: str, row: Row) -> Iterator[Step]:
        """A credited row: matched to the customer's latest shipped sales of the SKU, the rest
        blind. The first step carries the row."""
        matches: list[Match] = []
        rest = -row.quantity
        if self.options.fulfil and row.customer is not None:
            matches, rest = self.sales.returned(row.customer, row.sku, rest)
        blind = {"return_blind": 1}
        rows = blind if not matches else {"return_partly_matched" if rest else "return_matched": 1}
        for part, match in enumerate(matches):
            instead = self._blind(f"{key}:{part}:blind", row, match.quantity, blind if rows else {})
            yield Step(
                f"{key}:{part}",
                self._return(row, match.quantity, match),
                rows,
                {"units returned against a sale": match.quantity},
                instead,
            )
            rows = {}
        if rest:
            yield self._blind(f"{key}:blind", row, rest, rows)

    def _blind(self, key: str, row: Row, quantity: int, rows: Mapping[str, int]) -> Step:
        facts = {"units returned without a sale": quantity}
        return Step(key, self._return(row, quantity, None), rows, facts)

    def _return(self, row: Row, quantity: int, sale: Match | None) -> Command:
        return ask.return_stock(
            row.sku,
            self.options.location,
            quantity,
            reference=row.invoice,
            customer_id=row.customer,
            order_id=order_id_of(sale.invoice) if sale else None,
            line_id=sale.line if sale else None,
            occurred_at=row.at,
        )

    def _correct(self, key: str, row: Row, use: Use) -> Step:
        word = "find" if use is Use.STOCK_FOUND else "write-off"
        command = ask.adjust_stock(
            row.sku,
            self.options.location,
            row.stock_change,
            reason=row.title or f"unexplained {word}",
            reference=row.invoice,
            occurred_at=row.at,
        )
        return Step(key, command, {str(use): 1})


def order_id_of(invoice: str) -> str:
    return order_id_for(CHANNEL, invoice, "")


def place_order(invoice: Invoice, rows: Iterable[Row], options: Options) -> PlaceOrder:
    """The order as any channel would send it."""
    first = invoice.rows[0]
    country = iso_code(first.country)
    return PlaceOrder(
        channel=CHANNEL,
        external_id=invoice.number,
        currency=CURRENCY,
        placed_at=invoice.at,
        customer=CustomerFields(id=first.customer) if first.customer else None,
        shipping_address=AddressFields(country=country) if country else None,
        backorder="refuse" if options.opening_stock else "allow",
        confirm=options.fulfil,
        lines=tuple(
            LineFields(
                sku=row.sku,
                quantity=row.quantity,
                unit_price=Decimal(row.price_minor).scaleb(-2),
                title=row.title,
            )
            for row in rows
        ),
    )
