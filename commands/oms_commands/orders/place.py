"""Placing an order: validated, numbered, allocated and written in one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id
from oms_commands.orders._fields import emails_of
from oms_commands.orders._placement_command import PlacementCommand
from oms_ledger.domain.orders.rules.intake import receive
from oms_ledger.domain.orders.rules.placement import place
from oms_ledger.domain.personal import with_fields
from oms_ledger.domain.reservations.rules import held_refs
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.risk.rules import holds_at_placement
from oms_ledger.domain.routing.source import is_routed, routing_refs
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceOrder(PlacementCommand):
    """Place an order and allocate its stock, or refuse and write nothing.

    The same channel, in any case, and external id again is the same order: it answers the first
    one, which `confirm` confirms if it is still pending. With `backorder: allow` what is short is
    promised without being there; with `confirm` the order can be fulfilled at once, or once its
    `fulfil_at` has come: until then its status is `scheduled`. What is ordered is health data if
    `sensitive` says so, or a product. With `intake: queued` it is received at once (202), and
    placed or rejected later, first in, first out. With `reservation_id` the units that were held
    for it become its own; what it does not want of them is free again.
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
    reservation_id: Annotated[
        Id | None, Field(description="Its held units become the order's. Not with queued intake.")
    ] = None
    intake: Annotated[
        Literal["now", "queued"],
        Field(description="`queued`: received at once, and placed or rejected in its turn."),
    ] = "now"
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    @model_validator(mode="after")
    def _queued_without_reservation(self) -> PlaceOrder:
        if self.reservation_id is not None and self.intake == "queued":
            raise ValueError("reservation_id: a queued order cannot use one; leave out intake")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [*PlacementCommand.reads(self, ctx, given)]
        if self.reservation_id is not None:
            reservation = given.state(Reservation, self.reservation_id)
            refs += [(Reservation, self.reservation_id), *held_refs(reservation)]
        skus = self.skus_taken(given)
        return refs + routing_refs(self.channel, self.country, skus, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order_id = self.order_key(ctx, given)
        queued = self.intake == "queued"  # then its products are checked when it is placed
        terms = self.terms(given, undefined=queued)
        area = self.postal_area if is_routed(self.channel, given) else None
        holds = holds_at_placement(order_id, terms, self.email_blinds, given)
        confirm, sensitive = self.confirm, self.sensitive
        if queued:
            return receive(
                order_id,
                terms,
                ctx,
                given,
                confirm=confirm,
                sensitive=sensitive,
                holds=holds,
                postal_area=area,
            )
        return place(
            order_id,
            terms,
            ctx,
            given,
            confirm=confirm,
            sensitive=sensitive,
            holds=holds,
            reservation_id=self.reservation_id,
            postal_area=area,
        )

    @property
    def emails_to_blind(self) -> tuple[str, ...]:
        """Of the customer, whose id may be one too, to be compared with the blocked list."""
        return emails_of(self.customer)

    def with_blinds(self, blinds: Sequence[str]) -> PlaceOrder:
        return with_fields(self, email_blinds=tuple(blinds))
