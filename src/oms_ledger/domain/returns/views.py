"""Returns and return policies as the API answers them; money as text."""

from __future__ import annotations

from oms_ledger.domain.json_values import plain
from oms_ledger.domain.money import to_text
from oms_ledger.domain.returns.state import Return, ReturnPolicy, awaited_units
from oms_ledger.kernel import Json


def return_view(return_: Return) -> dict[str, Json]:
    requested = return_.requested
    if requested is None:
        raise ValueError("a return's first event is ReturnRequested")
    currency = requested.currency
    return {
        "return_id": requested.return_id,
        "order_id": requested.order_id,
        "order_number": requested.order_number,
        "channel": requested.channel,
        "customer_id": requested.customer_id,
        "kind": requested.kind,
        "resolution": requested.resolution,
        "status": return_.status,
        "note": requested.note,
        "override": requested.override,
        "location": requested.location,
        "lines": _lines(return_),
        "currency": currency,
        "granted": to_text(return_.granted, currency) if currency else None,
        "refunded": to_text(return_.refunded, currency) if currency else None,
        "exchanged": to_text(return_.exchanged, currency) if currency else None,
        "refund_automatically": requested.refund_automatically,
        "ship_replacement": requested.ship_replacement,
        "replacement_order_id": return_.replacement,
        "sensitive": requested.sensitive,
        "version": return_.version,
    }


def _lines(return_: Return) -> list[Json]:
    requested = return_.requested
    reasons = {line.line_id: line.reason for line in requested.lines} if requested else {}
    awaited = awaited_units(return_)
    return [
        {
            "line_id": line_id,
            "sku": line.sku,
            "reason": reasons.get(line_id),
            "requested": line.requested,
            "received": line.received,
            "outstanding": awaited.get(line_id, 0),
            "excess": max(0, line.received - line.requested),
            "credited": line.credited,
            "receipts": plain(line.receipts),
        }
        for line_id, line in return_.lines.items()
    ]


def return_policy_view(policy: ReturnPolicy) -> dict[str, Json]:
    defined = policy.defined
    if defined is None:
        raise ValueError("a return policy's first event is ReturnPolicyDefined")
    return {
        "name": defined.name,
        "days_from_delivery": defined.days_from_delivery,
        "channels": list(defined.channels),
        "categories": list(defined.categories),
        "version": policy.version,
    }
