"""Moving the work with an order to another location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand, rerouting_refs
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.fulfilments.events import FulfilmentMoved
from oms_ledger.domain.fulfilments.reroute import moved, rejecting_locations, stock_at
from oms_ledger.domain.fulfilments.rules import (
    FulfilmentTarget,
    existing_target,
    opening_events,
    require_work,
    with_put_back,
)
from oms_ledger.domain.guards import quantities, require_location
from oms_ledger.domain.stock.rules import insufficient, locations_of
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class MoveFulfilment(FulfilmentCommand):
    """Move a fulfilment order to another location, with all units that are not packed.

    Stock is freed here and allocated there, or nothing is moved. Picked units are put back.
    """

    name: ClassVar[str] = "MoveFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/move")
    example: ClassVar[Mapping[str, Json]] = {"location": "MAN"}

    fulfilment_id: Id
    location: Code
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = FulfilmentCommand.reads(self, ctx, given)
        return [*refs, (Location, self.location), *rerouting_refs(self.fulfilment_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "moved")
        self._check_location(target, given)
        plan = stock_at(target, self.location, given)
        if plan.shortages:
            raise insufficient(plan.shortages, f"Receive stock at {self.location}, or split it.")
        lines = quantities(target.work.open.items())
        changes = [
            *opening_events(target),
            Change(FulfilmentMoved(self.fulfilment_id, self.location, lines)),
            *moved(target, plan.allocations),
        ]
        return dated(
            with_put_back(changes, target.order, target.works.values()),
            self.occurred_at,
            ctx,
        )

    def _check_location(self, target: FulfilmentTarget, given: Given) -> None:
        require_location(given, self.location)
        if self.location == target.work.name.location:
            raise illegal_transition(
                "The fulfilment order", f"at {self.location}", "moved there", "Name another one."
            )
        channel = target.order.terms.channel
        if self.location not in locations_of(channel, given):
            raise Refused(
                f"Channel {channel} does not sell the stock of {self.location}. Add it with PUT"
                f" /v1/channels/{channel}, or name another location.",
                code="location_not_of_channel",
                errors=[{"location": self.location}],
            )
        if self.location in rejecting_locations(w.state for w in target.works.values()):
            raise Refused(
                f"{self.location} has rejected work on this order. Accept its fulfilment order"
                " there first, or name another location.",
                code="location_rejected",
                errors=[{"location": self.location}],
            )
