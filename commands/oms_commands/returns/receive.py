"""Receiving goods of a return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.returns._fields import ReceivedLineFields
from oms_commands.returns._return_command import ReturnCommand, return_refs
from oms_ledger.domain.catalogue.state import Location, Product, quantity_of
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import line_quantity
from oms_ledger.domain.identifiers import lot_key, stock_key
from oms_ledger.domain.lots.state import Lot, Serial
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReceivedLine
from oms_ledger.domain.returns.receipts import (
    DISPOSITIONS,
    ReturnedUnits,
    components_of,
    receive,
    skus_of,
)
from oms_ledger.domain.returns.rules import existing_return
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceiveReturn(ReturnCommand):
    """Receive goods of a return, per line and condition, and say what is done with them.

    More or fewer units than requested are taken as they come, and shown. What is restocked can be
    sold again; what is kept in quarantine or written off cannot. `complete`: nothing more is
    expected. A replacement that waits for the goods is released once all of them came.
    """

    name: ClassVar[str] = "ReceiveReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/receive")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"line_id": "1", "quantity": 1, "condition": "resellable", "location": "LON"}]
    }

    return_id: Id
    lines: Annotated[tuple[ReceivedLineFields, ...], Field(min_length=1, max_length=2000)]
    complete: bool = False
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _can_be_restocked(self) -> ReceiveReturn:
        for n, line in enumerate(self.lines):
            if line.condition == "wrong_item" and line.disposition == "restock":
                raise ValueError(
                    f"lines.{n}.disposition: it is another article than the line's; write"
                    " quarantine or write_off, and receive it as stock under its own SKU"
                )
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = return_refs(self.return_id, given)
        return_ = given.state(Return, self.return_id)
        order = self._order(return_, given)
        skus = skus_of(return_, order)
        refs += [(Location, line.location) for line in self.lines]
        for line in self.lines:
            sku = skus.get(line.line_id)
            if sku is None:
                continue
            components = components_of(line.line_id, sku, order, given)
            refs += [(Serial, lot_key(sku, serial)) for serial in line.serials]
            refs += [(Lot, lot_key(sku, line.lot))] if line.lot else []
            taken = [each.sku for each in components] if components else [sku]
            refs += [(Product, sku)] if order is None else []
            refs += [(StockLevel, stock_key(each, line.location)) for each in taken]
        if return_.replacement is not None:
            refs.append((Order, return_.replacement))
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, requested = existing_return(given, self.return_id)
        order = self._order(return_, given)
        skus = skus_of(return_, order)
        units = [
            ReturnedUnits(line, fields.lot, fields.serials)
            for line, fields in zip(self._received(skus, order, given), self.lines, strict=True)
        ]
        changes = receive(return_, requested, units, order, given, complete=self.complete)
        return dated(changes, self.occurred_at, ctx)

    def _order(self, return_: Return, given: Given) -> Order | None:
        order_id = return_.requested.order_id if return_.requested else None
        return given.state(Order, order_id) if order_id is not None else None

    def _received(
        self, skus: Mapping[str, str], order: Order | None, given: Given
    ) -> list[ReceivedLine]:
        unknown = [line.line_id for line in self.lines if line.line_id not in skus]
        if unknown:
            raise Refused(
                f"Neither the return nor its order has line {', '.join(unknown)}. GET the return to"
                " see its lines; take goods that are of no order in with POST /v1/returns.",
                code="unknown_line",
                errors=[{"line": line_id} for line_id in unknown],
            )
        return [
            ReceivedLine(
                line.line_id,
                skus[line.line_id],
                _quantity(n, line, skus[line.line_id], order, given),
                line.condition,
                line.location,
                line.disposition or DISPOSITIONS[line.condition],
            )
            for n, line in enumerate(self.lines)
        ]


def _quantity(
    number: int, line: ReceivedLineFields, sku: str, order: Order | None, given: Given
) -> int:
    field = f"lines.{number}"
    if order is not None:
        return line_quantity(line, order, field)
    return quantity_of(line.quantity, sku, given, f"{field}.quantity")
