"""Placing an order: validated, numbered, allocated and written in one decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import (
    STRICT,
)
from oms_commands.orders._fields import emails_of
from oms_commands.orders._placement_command import PlacementCommand, terms_of
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.orders.rules.intake import receive
from oms_ledger.domain.orders.rules.placement import place
from oms_ledger.domain.personal import with_fields
from oms_ledger.domain.risk.rules import holds_at_placement
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceOrder(PlacementCommand):
    """Place an order and allocate its stock, or refuse and write nothing.

    The same channel, in any case, and external id again is the same order: it answers the first
    one, which `confirm` confirms if it is still pending. With `backorder: allow` what is short is
    promised without being there; with `confirm` the order can be fulfilled at once, or once its
    `fulfil_at` has come: until then its status is `scheduled`. What is ordered is health data if
    `sensitive` says so, or a product. With `intake: queued` it is received at once (202), and
    placed or rejected later, first in, first out.
    """

    name: ClassVar[str] = "PlaceOrder"
    route: ClassVar[Route] = Route(
        "POST", "/v1/orders", 201, many="orders", many_path="/v1/orders:batch"
    )
    within_channels: ClassVar[bool] = True
    defers: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "channel": "web",
        "external_id": "1001",
        "currency": "GBP",
        "placed_at": "2026-01-05T08:26:00Z",
        "customer": {"id": "17850", "name": "Ada Lovelace", "email": "ada@example.com"},
        "shipping_address": {
            "name": "Ada Lovelace",
            "line1": "12 St James's Square",
            "city": "London",
            "postal_code": "SW1Y 4JH",
            "country": "GB",
        },
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55", "tax": "0.00"}],
        "shipping": {"service": "standard", "price": "4.95"},
        "backorder": "refuse",
    }

    confirm: bool = False
    intake: Annotated[
        Literal["now", "queued"],
        Field(description="`queued`: received at once, and placed or rejected in its turn."),
    ] = "now"
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order_id, terms = self.order_key(ctx, given), terms_of(self, given)
        if self.intake == "now":  # the products of a queued order are checked when it is placed
            refuse_unknown_skus([(line.line_id, line.sku) for line in terms.lines], given)
        decision = receive if self.intake == "queued" else place
        return decision(
            order_id,
            terms,
            ctx,
            given,
            confirm=self.confirm,
            sensitive=self.sensitive,
            holds=holds_at_placement(order_id, terms, self.email_blinds, given),
        )

    @property
    def emails_to_blind(self) -> tuple[str, ...]:
        """Of the customer, whose id may be one too, to be compared with the blocked list."""
        return emails_of(self.customer)

    def with_blinds(self, blinds: Sequence[str]) -> PlaceOrder:
        return with_fields(self, email_blinds=tuple(blinds))
