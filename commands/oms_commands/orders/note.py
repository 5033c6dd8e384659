"""Writing a note on an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderNoted
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class NoteOrder(OrderCommand):
    """Write a note on an order, for colleagues. The timeline shows it.

    Notes are kept for ever and cannot be erased: write no personal data into them.
    """

    name: ClassVar[str] = "NoteOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/notes")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"text": "Pack it as a gift."}

    order_id: Id
    text: Annotated[Note, Field(min_length=1)]
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        existing_order(given, self.order_id, unplaced=True)
        return dated([Change(OrderNoted(self.order_id, self.text))], self.occurred_at, ctx)
