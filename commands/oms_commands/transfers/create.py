"""Planning a transfer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Code,
    OccurredAt,
    Quantity,
    Sku,
    Text,
    Time,
    require_distinct_skus,
)
from oms_commands.stock._stock_command import require_own_stock
from oms_ledger.domain.catalogue.state import Location, product_refs, quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.times import dated
from oms_ledger.domain.transfers.answers import TransferAnswer
from oms_ledger.domain.transfers.events import TransferCreated, TransferLine
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.domain.transfers.views import transfer_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class _RequestedLine:
    sku: Sku
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class CreateTransfer(Command):
    """Plan a transfer of goods from one location to another.

    The units stay where they are, and are sold there, until they are shipped. `expected_at` is when
    they are to arrive.
    """

    name: ClassVar[str] = "CreateTransfer"
    route: ClassVar[Route] = Route("POST", "/v1/transfers", 201)
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = TransferAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "from_location": "LON",
        "to_location": "MAN",
        "lines": [{"sku": "85123A", "quantity": 20}],
    }

    from_location: Code
    to_location: Code
    lines: Annotated[tuple[_RequestedLine, ...], Field(min_length=1, max_length=2000)]
    expected_at: Time | None = None
    reference: Text | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _possible(self) -> CreateTransfer:
        if self.from_location == self.to_location:
            raise ValueError("to_location: it is from_location; name another place")
        require_distinct_skus([line.sku for line in self.lines])
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        places: list[Ref] = [(Location, self.from_location), (Location, self.to_location)]
        return [*places, *(ref for line in self.lines for ref in product_refs(line.sku))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.from_location)
        require_location(given, self.to_location)
        lines = tuple(
            TransferLine(sku, quantity_of(line.quantity, sku, given, f"lines.{n}.quantity"))
            for n, line in enumerate(self.lines)
            for sku in [stored_sku(line.sku, given)]
        )
        require_own_stock([line.sku for line in lines], given, then="try again")
        created = TransferCreated(
            ctx.command_id,
            self.from_location,
            self.to_location,
            lines,
            self.expected_at,
            self.reference,
        )
        return dated([Change(created)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return transfer_view(ctx.command_id, given.state(Transfer, ctx.command_id))
