"""Booking the differences of a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.counts._count_command import CountCommand
from oms_ledger.domain.counts.events import CountApproved, Variance
from oms_ledger.domain.counts.state import Count, open_count
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.movements import lots_changed, lots_of_adjustment, require_all_free
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route

_REMEDY = "Cancel or re-allocate the orders that have the others first, or count again."


@dataclass(frozen=True, slots=True, config=STRICT)
class ApproveCount(CountCommand):
    """Approve a count: each variance becomes an adjustment of the stock with reason `count`.

    The variance is to what was on hand at the moment of counting, so that orders since then do not
    disturb it. It is refused while units are missing that are promised to orders; nothing is booked
    then.
    """

    name: ClassVar[str] = "ApproveCount"
    route: ClassVar[Route] = Route("POST", "/v1/counts/{count_id}/approve")
    example: ClassVar[Mapping[str, Json]] = {}

    count_id: Id
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        count = given.state(Count, self.count_id)
        stock = [(StockLevel, stock_key(sku, count.location)) for sku in count.counted]
        return [*CountCommand.reads(self, ctx, given), *stock]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        count = open_count(given, self.count_id, "approved")
        if count.uncounted or not count.counted:
            missing = ", ".join(count.uncounted[:10]) or "nothing was counted"
            raise illegal_transition(
                "The count", f"not complete ({missing})", "approved", "Record the rest first."
            )
        variances = [Variance(c.sku, c.counted - c.on_hand) for c in count.counted.values()]
        fewer = {each.sku: -each.change for each in variances}
        require_all_free(fewer, count.location, _REMEDY, given)
        changes = [Change(CountApproved(self.count_id, tuple(variances)))]
        for each in variances:
            changes += self._adjusted(each, count, given)
        return dated(changes, self.occurred_at, ctx)

    def _adjusted(self, variance: Variance, count: Count, given: Given) -> list[Change]:
        if not variance.change:
            return []
        sku, place = variance.sku, count.location
        level = given.state(StockLevel, stock_key(sku, place))
        lots = lots_of_adjustment(level, sku, place, variance.change, None, given)
        adjusted = StockAdjusted(sku, place, variance.change, "count", self.count_id)
        return [*lots_changed(sku, place, lots, self.count_id), Change(adjusted)]
