"""Defining the routing rules of a channel, or defining them anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Text
from oms_commands.routing._fields import RulesFields, refuse_unknown, rules_of
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.routing.answers import RoutingRulesAnswer
from oms_ledger.domain.routing.events import RoutingRulesDefined
from oms_ledger.domain.routing.views import rules_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutRoutingRules(Command):
    """Define by which rules the orders of a channel get their stock, in order.

    Each rule divides the places into groups, and the next one orders each group: `priority` of the
    location, `nearest` to the address, `fewest_splits`, `highest_stock`, `capacity` left today,
    `cost` of the parcel, or a `plugin`. With `split_floor` a line below a value makes no parcel of
    its own where it can be avoided. What is short does not depend on the rules. Decisions are
    recorded: GET /v1/orders/{order_id}/routing. Without rules, places are used in the order of
    their priority.
    """

    name: ClassVar[str] = "PutRoutingRules"
    route: ClassVar[Route] = Route("PUT", "/v1/routing/{channel}")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = RoutingRulesAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "rules": [
            {"type": "capacity"},
            {"type": "fewest_splits"},
            {"type": "nearest"},
            {"type": "split_floor", "value": "20.00", "currency": "GBP"},
        ],
        "note": "Fewer parcels, and not too far.",
    }

    channel: Code
    rules: RulesFields
    note: Annotated[Text | None, Field(description="Why the rules are as they are.")] = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(ChannelSettings, channel_key(self.channel))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        rules, channel = rules_of(self.rules), channel_key(self.channel)
        settings = given.state(ChannelSettings, channel)
        if (rules, self.note) == (settings.routing, settings.routing_note):
            return ()
        refuse_unknown(rules, given)
        return [Change(RoutingRulesDefined(channel, rules, self.note))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        channel = channel_key(self.channel)
        return rules_view(channel, given.state(ChannelSettings, channel))
