"""Queries about hold rules and the blocked list."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.risk.answers import BlockedBuyersAnswer, HoldRulesAnswer
from oms_ledger.domain.risk.state import BlockedBuyer, HoldRule
from oms_ledger.domain.risk.views import blocked_view, hold_rule_view
from oms_ledger.kernel import Json, Log, Query

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class ListHoldRules:
    """All of them, by name."""


def list_hold_rules(params: ListHoldRules, log: Log) -> Mapping[str, Json]:
    return {"items": [hold_rule_view(log.fold(HoldRule, name)) for name in log.keys(HoldRule)]}


@dataclass(frozen=True, slots=True, config=STRICT)
class ListBlockedBuyers:
    """Those that are blocked."""


def list_blocked_buyers(params: ListBlockedBuyers, log: Log) -> Mapping[str, Json]:
    entries = [(buyer, log.fold(BlockedBuyer, buyer)) for buyer in log.keys(BlockedBuyer)]
    return {"items": [blocked_view(buyer, entry) for buyer, entry in entries if entry.blocked]}


QUERIES = (
    Query(
        "list_hold_rules",
        "/v1/hold-rules",
        "orders:read",
        None,
        ListHoldRules,
        list_hold_rules,
        "Rules by which new orders are held",
        list_hold_rules,
        within_channels=True,
        answer_type=HoldRulesAnswer,
    ),
    Query(
        "list_blocked_buyers",
        "/v1/blocked",
        "orders:read",
        None,
        ListBlockedBuyers,
        list_blocked_buyers,
        "Customers and e-mail addresses whose new orders are held",
        list_blocked_buyers,
        answer_type=BlockedBuyersAnswer,
    ),
)
