"""Hold rules and entries of the blocked list as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.money import to_text
from oms_ledger.domain.risk.state import BlockedBuyer, HoldRule
from oms_ledger.kernel import Json


def hold_rule_view(rule: HoldRule) -> dict[str, Json]:
    defined = rule.defined
    if defined is None:
        raise ValueError("a hold rule's first event is HoldRuleDefined")
    minimum = defined.minimum
    return {
        "name": defined.name,
        "type": defined.kind,
        "reason": defined.reason,
        "enabled": defined.enabled,
        "channels": list(defined.channels),
        "minimum": to_text(minimum.minor, minimum.currency) if minimum else None,
        "currency": minimum.currency if minimum else None,
        "orders": defined.orders,
        "hours": defined.hours,
        "fields": list(defined.fields),
        "skus": list(defined.skus),
        "version": rule.version,
    }


def blocked_view(buyer: str, entry: BlockedBuyer) -> dict[str, Json]:
    blocked = entry.blocked
    return {
        "buyer": buyer,
        "blocked": blocked is not None,
        "reason": blocked.reason if blocked else None,
    }
