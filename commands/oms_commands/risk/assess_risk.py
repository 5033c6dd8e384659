"""Recording how risky an order is, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt, Reason
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import HoldReleased, OrderRiskAssessed
from oms_ledger.domain.orders.holds import HOLDABLE
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.risk.rules import RISK, held_by_rule, rule_hold_id
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AssessOrderRisk(OrderCommand):
    """Record the risk score of an order, and the decision on it.

    `review` and `deny` hold the order by the rule `risk`, with the score on record; one after the
    other gives that hold its own reason. `accept` releases it. Other holds stay as they are, and a
    denied order is not cancelled. `score` is a number by the scale of its `provider`.
    """

    name: ClassVar[str] = "AssessOrderRisk"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/risk")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "score": 87,
        "decision": "review",
        "provider": "signals",
        "reasons": ["Card and country do not match"],
    }

    order_id: Id
    score: Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=12, allow_inf_nan=False)]
    decision: Literal["accept", "review", "deny"]
    provider: Code | None = None
    reasons: Annotated[tuple[Reason, ...], Field(max_length=50)] = ()
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        score = f"{self.score:f}"
        assessed = OrderRiskAssessed(
            self.order_id, score, self.decision, self.provider, self.reasons
        )
        changes = [Change(assessed), *self._holds(order, score)]
        return dated(changes, self.occurred_at, ctx)

    def _holds(self, order: Order, score: str) -> list[Change]:
        hold_id = rule_hold_id(self.order_id, RISK)
        if self.decision == "accept":
            return [Change(HoldReleased(self.order_id, hold_id))] if hold_id in order.holds else []
        if order.statuses.order not in HOLDABLE:
            return []
        inputs = [("score", score), ("decision", self.decision)]
        if self.provider is not None:
            inputs.append(("provider", self.provider))
        held = held_by_rule(self.order_id, RISK, f"risk: {self.decision}", inputs)
        before = order.holds.get(hold_id)
        return [] if before is not None and before.reason == held.reason else [Change(held)]
