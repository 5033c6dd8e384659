"""The request of a simulation: the ranking for one order, or a back-test on past ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, Time
from oms_commands.orders.place import PlaceOrder
from oms_commands.routing._fields import RulesFields, refuse_unknown, rules_of
from oms_ledger.domain.routing.backtest import BacktestScope
from oms_ledger.domain.routing.events import RoutingRule
from oms_ledger.kernel import Given, Json


@dataclass(frozen=True, slots=True, config=STRICT)
class SimulateRouting:
    """`order` as it would be placed, or the `order_id` of one that was: the ranking of places with
    the stock of now, by `rules` or else by those of its channel. Without either, a back-test of
    `rules` on the orders placed from `placed_from` on and before `placed_to`, of a `channel` or of
    all."""

    rules: RulesFields | None = None
    order: PlaceOrder | None = None
    order_id: Id | None = None
    placed_from: Time | None = None
    placed_to: Time | None = None
    channel: Code | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> SimulateRouting:
        past = (self.placed_from, self.placed_to, self.channel)
        if self.order is not None and self.order_id is not None:
            raise ValueError("order_id: write order or order_id, not both")
        if self.is_backtest and self.rules is None:
            raise ValueError("rules: a back-test needs them; for a ranking add order or order_id")
        if not self.is_backtest and any(each is not None for each in past):
            raise ValueError("order: leave it out of a back-test, or leave out the period")
        return self

    @property
    def is_backtest(self) -> bool:
        return self.order is None and self.order_id is None

    @property
    def scope(self) -> BacktestScope:
        return BacktestScope(self.placed_from, self.placed_to, self.channel)

    def rules_in(self, given: Given) -> Sequence[RoutingRule] | None:
        """The rules in the domain's types. `Invalid`, or `Refused` where they name what is not
        there."""
        if self.rules is None:
            return None
        rules = rules_of(self.rules)
        refuse_unknown(rules, given)
        return rules


EXAMPLES: Mapping[str, Mapping[str, Json]] = {
    "ranking": {
        "rules": [{"type": "fewest_splits"}, {"type": "nearest"}],
        "order": {
            "channel": "web",
            "currency": "GBP",
            "shipping_address": {"postal_code": "LS1 4AP", "country": "GB"},
            "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
        },
    },
    "back-test": {
        "rules": [{"type": "nearest"}],
        "placed_from": "2026-01-01T00:00:00Z",
        "placed_to": "2026-02-01T00:00:00Z",
        "channel": "web",
    },
}
