"""Requesting a return of goods whose order is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, Note, OccurredAt
from oms_commands.returns._fields import BlindLine
from oms_ledger.domain.catalogue.state import (
    Location,
    Product,
    product_refs,
    quantity_of,
    stored_sku,
)
from oms_ledger.domain.guards import refuse_unknown_skus, require_location
from oms_ledger.domain.returns.answers import ReturnAnswer
from oms_ledger.domain.returns.events import RequestedLine, ReturnApproved, ReturnRequested
from oms_ledger.domain.returns.rules import return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.returns.views import return_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RequestBlindReturn(Command):
    """Request to return goods that cannot be matched with an order.

    Its lines are numbered from 1. No payment can be refunded by it. What came back to be sold
    again at once is booked with POST /v1/stock/returns instead.
    """

    name: ClassVar[str] = "RequestBlindReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns", 201)
    scope: ClassVar[str] = "returns:write"
    answer_type: ClassVar[type] = ReturnAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "lines": [{"sku": "85123A", "quantity": 1, "reason": "No order in the parcel"}],
        "approve": True,
    }

    lines: Annotated[tuple[BlindLine, ...], Field(min_length=1, max_length=2000)]
    customer_id: Id | None = None
    channel: Code | None = None
    location: Code | None = None
    note: Note | None = None
    approve: bool = False
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [ref for line in self.lines for ref in product_refs(line.sku)]
        if self.location is not None:
            refs.append((Location, self.location))
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.location is not None:
            require_location(given, self.location)
        lines = tuple(
            RequestedLine(
                str(n + 1),
                sku,
                quantity_of(line.quantity, sku, given, f"lines.{n}.quantity"),
                line.reason,
            )
            for n, line in enumerate(self.lines)
            for sku in [stored_sku(line.sku, given)]
        )
        products = [given.state(Product, line.sku) for line in lines]
        refuse_unknown_skus([(line.line_id, line.sku) for line in lines], given, then="try again")
        requested = ReturnRequested(
            ctx.command_id,
            "return",
            "none",
            lines,
            channel=self.channel,
            customer_id=self.customer_id,
            location=self.location,
            note=self.note,
            sensitive=any(product.sensitive for product in products),
        )
        approved = [ReturnApproved(ctx.command_id)] if self.approve else []
        return dated(return_changes(Return(), [requested, *approved]), self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return return_view(given.state(Return, ctx.command_id))
