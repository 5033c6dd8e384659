"""A location does not do the work with an order: it is routed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.fulfilments._fulfilment_command import (
    FulfilmentCommand,
    open_line_ids,
    stock_here_refs,
)
from oms_ledger.domain.fulfilments.events import FulfilmentRejected
from oms_ledger.domain.fulfilments.reroute import (
    rejecting_locations,
    reroute,
    rerouting_refs,
)
from oms_ledger.domain.fulfilments.rules import (
    begun,
    existing_case,
    reallocated,
    require_work,
    units_of,
    with_put_back,
)
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.identifiers import fulfilment_name
from oms_ledger.domain.orders.state import Order
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
        refs = [*FulfilmentCommand.reads(self, ctx, given)]
        name = fulfilment_name(self.fulfilment_id)
        if name is None:
            return refs
        order, lines = given.state(Order, name.order_id), open_line_ids(self.fulfilment_id, given)
        return [*refs, *stock_here_refs(self.fulfilment_id, given), *rerouting_refs(order, lines)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        case = existing_case(given, self.fulfilment_id)
        require_work(case, "rejected")
        order, work = case.order, case.work
        excluded = {work.name.location, *rejecting_locations(w.state for w in case.works.values())}
        wanted = [(each, order.lines[each].line.sku, units) for each, units in work.open.items()]
        plan = reroute(order, wanted, excluded, given)
        elsewhere = units_of(plan.allocations)
        rejected = FulfilmentRejected(
            self.fulfilment_id, self.reason, quantities(elsewhere.items())
        )
        changes = [*begun(case), Change(rejected)]
        if elsewhere:
            changes += reallocated(case, elsewhere, plan.allocations)
        return dated(with_put_back(changes, order, case.works.values()), self.occurred_at, ctx)
