"""Plans the commands of each invoice, in the order of the file.

Pure: a file always gives the same commands with the same keys and ids, which is why running an
import again changes nothing. Options add commands and never change a key: a later run may fulfil
the orders of an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.orders._fields import AddressFields, CustomerFields, LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.importers.countries import iso_code
from oms_ledger.importers.online_retail import (
    CURRENCY,
    FileRow,
    Invoice,
    Skip,
    Use,
    classify,
    is_service,
)
from oms_ledger.importers.returns import Match, Sales
from oms_ledger.importers.simulation import journey
from oms_ledger.importers.steps import RowResults, Step, step_id
from oms_ledger.importers.survey import Survey

CHANNEL = "import"
ORDER_LINES_MAX = 2000
"""The most lines of one order."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`opening_stock`: first receive the stock that the file needs; without it, short lines are
    backordered. `fulfil`: also ship and deliver, on simulated dates. `location`: the code of the
    location of all stock. `report`: the file for the report."""

    opening_stock: bool = False
    fulfil: bool = False
    location: str = "MAIN"
    report: Path | None = None


def setup_steps(survey: Survey, opening: Mapping[str, int], location: str) -> Iterator[Step]:
    """The steps before the first row: location, products and opening stock. A location or product
    that is defined already stays as it is. The opening stock came before the first row."""
    name = f"Imported stock ({location})"
    yield Step(
        f"location:{location}",
        PutLocation(code=location, name=name, priority=1),  # type: ignore[call-arg]  # an alias
        only_if_new=(Location, location),
    )
    for sku in survey.titles:
        product = PutProduct(sku=sku, title=survey.title(sku), stocked=not is_service(sku))
        yield Step(f"product:{sku}", product, facts={"products": 1}, only_if_new=(Product, sku))
    for sku, quantity in opening.items():
        yield Step(
            f"opening:{quantity}:{location}:{sku}",
            ReceiveStock(
                sku=sku,
                location=location,
                quantity=quantity,
                reference="opening stock",
                occurred_at=survey.first_at,
            ),
            facts={"units of opening stock": quantity},
            idempotency=b"",
        )


class _SortedRows(NamedTuple):
    """The rows of an invoice: order lines, and others with their ordinal among its rows, from 1."""

    lines: list[tuple[FileRow, Use]]
    others: list[tuple[int, FileRow, Use]]


@dataclass(slots=True)
class Planner:
    """Turns invoices into steps. It keeps the `sales` that returns are matched with, and collects
    in `skipped` the rows without a step, with the reason."""

    options: ImportOptions
    sales: Sales
    skipped: list[tuple[FileRow, str]] = field(default_factory=list)

    def steps(self, invoice: Invoice) -> Iterator[Step]:
        """The steps of an invoice: order, shipment and delivery, then returns and corrections."""
        lines, others = self._sort(invoice)
        if lines:
            yield self._place(invoice, lines)
            if self.options.fulfil:
                yield from self._fulfil(invoice, [row for row, _ in lines])
        for ordinal, row, use in others:
            if use is Use.RETURN:
                yield from self._take_back(ordinal, row)
            else:
                yield self._correct(ordinal, row, use)

    def _sort(self, invoice: Invoice) -> _SortedRows:
        has_price = invoice.has_price
        result = _SortedRows([], [])
        for ordinal, row in enumerate(invoice.rows, 1):
            use = classify(row, has_price)
            if isinstance(use, Skip):
                self.skipped.append((row, use))
            elif use.is_order_line:
                result.lines.append((row, use))
            else:
                result.others.append((ordinal, row, use))
        if len(result.lines) > ORDER_LINES_MAX:
            self.skipped += [(row, Skip.TOO_MANY_LINES) for row, _ in result.lines]
            result.lines.clear()
        return result

    def _place(self, invoice: Invoice, lines: Sequence[tuple[FileRow, Use]]) -> Step:
        """The step of the order. It has no key: the ledger compares orders of one external id."""
        for line_id, (row, _) in enumerate(lines, 1):
            if row.customer is not None and not is_service(row.sku):
                sale = Match(invoice.number, str(line_id), row.quantity)
                self.sales.sold(row.customer, row.sku, sale)
        return Step(
            f"place:{invoice.number}",
            place_order(invoice, [row for row, _ in lines]),
            lines,
            {"orders": 1},
        )

    def _fulfil(self, invoice: Invoice, rows: Iterable[FileRow]) -> Iterator[Step]:
        order_id = order_id_of(invoice.number)
        if all(is_service(row.sku) for row in rows):
            return
        shipped_at, delivered_at = journey(invoice.number, invoice.at)
        key = f"ship:{invoice.number}"
        shipment = step_id(key)
        create = CreateShipment(
            order_id=order_id, location=self.options.location, occurred_at=shipped_at
        )
        yield Step(key, create, facts={"shipments": 1}, idempotency=b"")
        dispatch = DispatchShipment(shipment, occurred_at=shipped_at, simulated=True)
        yield Step(f"dispatch:{invoice.number}", dispatch, idempotency=b"")
        deliver = DeliverShipment(shipment, occurred_at=delivered_at, simulated=True)
        yield Step(f"deliver:{invoice.number}", deliver, idempotency=b"")

    def _take_back(self, ordinal: int, row: FileRow) -> Iterator[Step]:
        """The steps of a credited row: units matched with the latest sales of the SKU to the
        customer, then the rest without a sale. The first step has the row."""
        rest, matches = -row.quantity, list[Match]()
        if row.customer is not None:
            matches, rest = self.sales.returned(row.customer, row.sku, rest)
        result = "return_partly_matched" if rest else "return_matched"
        rows: RowResults = [(row, result if matches else "return_unmatched")]
        for part, match in enumerate(matches):
            key = f"return:{ordinal}:{part}:{row.invoice}"
            alone = self._return(f"alone:{key}", row, match.quantity, None, rows)
            yield (
                self._return(key, row, match.quantity, match, rows, fallback=alone)
                if self.options.fulfil
                else alone.with_key(key)
            )
            rows = ()
        if rest:
            key = f"return:{ordinal}:{len(matches)}:{row.invoice}"
            yield self._return(key, row, rest, None, rows)

    def _return(
        self,
        key: str,
        row: FileRow,
        quantity: int,
        sale: Match | None,
        rows: RowResults,
        fallback: Step | None = None,
    ) -> Step:
        command = ReturnStock(
            sku=row.sku,
            location=self.options.location,
            quantity=quantity,
            reference=row.invoice,
            customer_id=row.customer,
            order_id=order_id_of(sale.invoice) if sale else None,
            line_id=sale.line if sale else None,
            occurred_at=row.at,
        )
        where = "stock and to their order's line" if sale else "stock alone"
        facts = {f"units returned to {where}": quantity}
        return Step(
            key, command, rows, facts, idempotency=_fingerprint(row, quantity), fallback=fallback
        )

    def _correct(self, ordinal: int, row: FileRow, use: Use) -> Step:
        word = "find" if use is Use.STOCK_FOUND else "write-off"
        command = AdjustStock(
            sku=row.sku,
            location=self.options.location,
            change=row.stock_change,
            reason=row.title or f"unexplained {word}",
            reference=row.invoice,
            occurred_at=row.at,
        )
        key = f"correct:{ordinal}:{row.invoice}"
        return Step(key, command, [(row, use)], idempotency=_fingerprint(row, row.quantity))


def _fingerprint(row: FileRow, quantity: int) -> bytes:
    """The fingerprint of a row under its key: another row under the same key is of another file."""
    return f"{row.sku}\x1f{quantity}\x1f{row.customer}\x1f{row.at.isoformat()}".encode()


def order_id_of(invoice: str) -> str:
    return order_id_for(CHANNEL, invoice, "")


def place_order(invoice: Invoice, rows: Iterable[FileRow]) -> PlaceOrder:
    """The command of an invoice's order. It was invoiced, so it is confirmed, and backordered where
    stock is short."""
    first = invoice.rows[0]
    country = iso_code(first.country)
    return PlaceOrder(
        channel=CHANNEL,
        external_id=invoice.number,
        currency=CURRENCY,
        placed_at=invoice.at,
        customer=CustomerFields(id=first.customer) if first.customer else None,
        shipping_address=AddressFields(country=country) if country else None,
        backorder="allow",
        confirm=True,
        lines=tuple(
            LineFields(row.sku, row.quantity, _amount(row.price_minor), title=row.title)
            for row in rows
        ),
    )


@lru_cache(maxsize=65_536)
def _amount(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)
