"""Routing rules and decisions as the API answers them."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.geography import coordinates_view
from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.routing.backtest import Backtest
from oms_ledger.domain.routing.events import (
    LocationCost,
    OrderRouted,
    RankedPlace,
    RoutingRule,
    RuleScore,
)
from oms_ledger.domain.routing.explanation import Explanation
from oms_ledger.domain.routing.figures import figures_view
from oms_ledger.kernel import Json, Recorded


def rules_view(channel: str, settings: ChannelSettings) -> dict[str, Json]:
    return {
        "channel": channel,
        "note": settings.routing_note,
        "rules": [rule_view(rule) for rule in settings.routing],
    }


def rule_view(rule: RoutingRule) -> dict[str, Json]:
    floor, currency = rule.floor, rule.currency
    return {
        "type": rule.kind,
        "value": to_text(floor.minor, floor.currency) if floor else None,
        "currency": floor.currency if floor else currency,
        "costs": [_cost_view(entry, currency) for entry in rule.costs if currency],
        "per_km": to_text(rule.per_km, currency) if currency else None,
        "plugin": rule.plugin,
        "options": {option.name: option.value for option in rule.options},
    }


def _cost_view(entry: LocationCost, currency: str) -> dict[str, Json]:
    return {
        "location": entry.location or None,
        "parcel": to_text(entry.parcel, currency),
        "unit": to_text(entry.unit, currency),
    }


def decision_view(r: Recorded, routed: OrderRouted) -> dict[str, Json]:
    return {
        **ranking_view(routed),
        "cause": routed.cause,
        "at": rfc3339(r.meta.happened_at),
        "actor": r.meta.actor,
        "position": r.position,
    }


def ranking_view(routed: OrderRouted) -> dict[str, Json]:
    """What a decision was made from, and its outcome."""
    return {
        "rules": list(routed.rules),
        "decided_by": routed.decided_by,
        "destination": {
            "country": routed.country,
            "postal_area": routed.postal_area,
            "point": coordinates_view(routed.point) if routed.point else None,
        },
        "day": routed.day,
        "lines": plain(routed.lines),
        "ranking": [_place_view(place) for place in routed.ranking],
        "places": routed.places,
        "allocations": plain(routed.allocations),
        "short": plain(routed.short),
        "excluded": list(routed.excluded),
        "faults": list(routed.faults),
    }


def explanation_view(explained: Explanation, order_id: str | None) -> dict[str, Json]:
    return {
        **ranking_view(explained.routed),
        "order_id": order_id,
        "others": dict(explained.others),
    }


def backtest_view(tested: Backtest, currency: str | None) -> dict[str, Json]:
    """`currency` is that of the rule about costs."""
    return {
        "position": tested.position,
        "untracked_orders": tested.untracked_orders,
        "done": figures_view(tested.done, currency),
        "by_rules": {name: figures_view(f, currency) for name, f in tested.by_rules.items()},
    }


def _place_view(place: RankedPlace) -> dict[str, Json]:
    return {
        "location": place.location,
        "units": place.units,
        "scores": plain(place.scores),
        "reason": reason(place.scores, place.units),
    }


def reason(scores: Sequence[RuleScore], units: int) -> str:
    """Why a place is where it is, as a sentence."""
    compared = "; ".join(f"{each.rule}: {each.value} {each.unit}" for each in scores)
    sent = f"sends {units} units" if units else "not needed"
    return f"{sent} ({compared})" if compared else sent
