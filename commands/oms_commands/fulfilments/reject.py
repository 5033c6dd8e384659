"""A location does not do the work with an order: it is routed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand, rerouting_refs
from oms_ledger.domain.fulfilments.events import FulfilmentRejected
from oms_ledger.domain.fulfilments.reroute import REJECTED, open_units, rejecting_locations
from oms_ledger.domain.fulfilments.rules import (
    existing_target,
    opening_events,
    require_work,
    with_put_back,
)
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.routing.reroute import reroute
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RejectFulfilment(FulfilmentCommand):
    """Reject a fulfilment order: its units are routed anew, without its location.

    Other locations with stock get the units that are not packed. What none of them has stays here
    as `rejected`, and is not shipped until it is accepted, moved or cancelled.
    """

    name: ClassVar[str] = "RejectFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/reject")
    example: ClassVar[Mapping[str, Json]] = {"reason": "out of stock"}

    fulfilment_id: Id
    reason: Reason
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = FulfilmentCommand.reads(self, ctx, given)
        return [*refs, *rerouting_refs(self.fulfilment_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "rejected")
        order, works = target.order, target.works.values()
        excluded = {target.work.name.location, *rejecting_locations(w.state for w in works)}
        rerouted = reroute(order, open_units(target), excluded, REJECTED, ctx, given, keep=True)
        elsewhere = quantities(units_by_line(rerouted.released).items())
        rejected = FulfilmentRejected(self.fulfilment_id, self.reason, elsewhere)
        changes = [*opening_events(target), Change(rejected), *rerouted.changes]
        return dated(with_put_back(changes, order, works), self.occurred_at, ctx)
