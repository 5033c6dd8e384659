"""Queries about routing rules and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.routing.answers import OrderRoutingAnswer, RoutingRulesAnswer
from oms_ledger.domain.routing.events import OrderRouted
from oms_ledger.domain.routing.state import OrderRouting
from oms_ledger.domain.routing.views import decision_view, rules_view
from oms_ledger.kernel import Json, Log, Query, stream_id
from oms_projections.order_status.queries import order_of_channels
from oms_projections.values import WITHIN, Within

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetRoutingRules:
    channel: str


def get_rules(params: GetRoutingRules, log: Log) -> Mapping[str, Json]:
    """Empty where the channel has none: its places are used in the order of their priority."""
    channel = channel_key(params.channel)
    return rules_view(channel, log.fold(ChannelSettings, channel))


@dataclass(frozen=True, slots=True, config=STRICT)
class GetOrderRouting:
    order_id: str
    within: Within = field(default=None, init=False)


def routing_decisions(params: GetOrderRouting, log: Log) -> Mapping[str, Json]:
    order_of_channels(params.order_id, log, params.within)
    decisions = log.history(stream_id(OrderRouting, params.order_id))
    return {
        "order_id": params.order_id,
        "items": [decision_view(r, r.event) for r in decisions if isinstance(r.event, OrderRouted)],
    }


QUERIES = (
    Query(
        "get_routing_rules",
        "/v1/routing/{channel}",
        "orders:read",
        None,
        GetRoutingRules,
        get_rules,
        "The rules by which a channel's orders get their stock",
        get_rules,
        within_channels=True,
        answer_type=RoutingRulesAnswer,
    ),
    Query(
        "routing_decisions",
        "/v1/orders/{order_id}/routing",
        "orders:read",
        None,
        GetOrderRouting,
        routing_decisions,
        "Each decision where an order's units come from, with what it was made from",
        routing_decisions,
        within_channels=WITHIN,
        answer_type=OrderRoutingAnswer,
    ),
)
