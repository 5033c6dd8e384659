"""The windows of return policies: until when units may be returned, counted from their delivery."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import RequestedLine, ReturnPolicyDefined
from oms_ledger.domain.returns.state import ReturnPolicy
from oms_ledger.kernel import Given, Json, Ref


def window_refs(order: Order) -> list[Ref]:
    """What `require_within_policy` reads beside the order and the policies: its delivered
    shipments, and its products."""
    delivered = (each for each, status in order.shipments.items() if status == "delivered")
    skus = {progress.line.sku for progress in order.lines.values()}
    return [*((Shipment, each) for each in delivered), *((Product, sku) for sku in skus)]


def require_within_policy(
    order: Order, wanted: Iterable[RequestedLine], at: datetime, given: Given
) -> None:
    """`Refused` with `outside_policy`, naming every line at fault, where units were delivered
    longer ago than the policy that applies to them allows. Of units that were not delivered yet no
    window has begun; without a policy there is none."""
    policies = [policy.defined for policy in given.all(ReturnPolicy) if policy.defined]
    if not policies or order.placed is None:
        return
    channel = order.terms.channel
    faults: list[dict[str, Json]] = []
    for line in wanted:
        product = given.state(Product, line.sku).defined
        category = product.product_category if product else None
        policy = policy_for(policies, channel, category)
        if policy is None:
            continue
        within = _units_within(order, line.line_id, policy.days_from_delivery, at, given)
        if line.quantity > within:
            faults.append(
                {
                    "line": line.line_id,
                    "sku": line.sku,
                    "requested": line.quantity,
                    "available": within,
                    "policy": policy.name,
                    "days_from_delivery": policy.days_from_delivery,
                }
            )
    if faults:
        lines = ", ".join(f"line {fault['line']} ({fault['policy']})" for fault in faults)
        raise Refused(
            f"Some units were delivered longer ago than their return policy allows: {lines}. Return"
            " fewer units, or give a reason in `override` to accept them all the same.",
            code="outside_policy",
            errors=faults,
        )


def policy_for(
    policies: Collection[ReturnPolicyDefined], channel: str, category: str | None
) -> ReturnPolicyDefined | None:
    """The policy that applies to a product sold through a channel: of those that do, the one that
    names more of channel and category, a category before a channel; of equals the longest."""
    key = channel_key(channel)
    fitting = [
        policy
        for policy in policies
        if (not policy.channels or key in map(channel_key, policy.channels))
        and (not policy.categories or category in policy.categories)
    ]
    return max(
        fitting,
        key=lambda p: (
            bool(p.channels) + bool(p.categories),
            bool(p.categories),
            p.days_from_delivery,
            p.name,
        ),
        default=None,
    )


def _units_within(order: Order, line_id: str, days: int, at: datetime, given: Given) -> int:
    """Units of a line that may be returned at this time. Those that came back, or are in another
    return, are taken for the ones that were delivered first."""
    progress = order.lines[line_id]
    late = sum(
        line.quantity
        for shipment in _delivered(order, given)
        if shipment.delivered_at is not None and at > shipment.delivered_at + timedelta(days=days)
        for line in (shipment.created.lines if shipment.created else ())
        if line.line_id == line_id
    )
    gone = progress.returned + sum(each.units.get(line_id, 0) for each in order.returns.values())
    return progress.shipped - gone - max(0, late - gone)


def _delivered(order: Order, given: Given) -> list[Shipment]:
    return [
        given.state(Shipment, shipment_id)
        for shipment_id, status in order.shipments.items()
        if status == "delivered"
    ]
