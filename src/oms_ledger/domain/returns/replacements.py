"""The order that replaces returned or claimed goods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from oms_ledger.domain.catalogue.state import Channel
from oms_ledger.domain.fulfilments.rules import put_back_if_begun
from oms_ledger.domain.identifiers import channel_key, replacement_order_id
from oms_ledger.domain.orders.events import OrderHeld, OrderPlaced
from oms_ledger.domain.orders.rules.cancellation import cancel_rest
from oms_ledger.domain.orders.rules.placement import place
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms, ShippingCharge
from oms_ledger.domain.returns.events import ReplacementOrdered, ReturnRequested
from oms_ledger.domain.returns.receipts import AWAITING_RETURN
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.routing.source import routing_refs
from oms_ledger.domain.stock.rules import shortage_refs, wanted_refs
from oms_ledger.kernel import Change, Context, Given, Ref


def replacement_refs(order: Order, skus: Sequence[str], given: Given) -> list[Ref]:
    """What `place_replacement` reads beside the order."""
    if order.placed is None or not skus:
        return []
    refs: list[Ref] = [(Channel, channel_key(order.terms.channel))]
    for sku in dict.fromkeys(skus):
        refs += wanted_refs(sku, given)
    terms = order.terms
    refs += shortage_refs(dict.fromkeys(skus), "refuse", terms.channel, given)
    return refs + routing_refs(terms.channel, terms.country, skus, given)


def place_replacement(
    requested: ReturnRequested, order: Order, ctx: Context, given: Given, at: datetime | None
) -> tuple[ReplacementOrdered, list[Change]]:
    """The order for the same customer and address, confirmed; on hold where it waits for the goods.
    `Refused` with `insufficient_stock`."""
    terms, order_id = order.terms, replacement_order_id(requested.return_id, ctx.command_id)
    wanted = OrderTerms(
        terms.channel,
        terms.currency,
        requested.replacement,
        placed_at=at,
        customer=terms.customer,
        shipping_address=terms.shipping_address,
        shipping=ShippingCharge(terms.shipping.service) if terms.shipping else None,
    )
    changes = [
        _linked(change, requested.return_id)
        for change in place(
            order_id,
            wanted,
            ctx,
            given,
            confirm=True,
            sensitive=order.sensitive,
            postal_area=order.postal_area,
        )
    ]
    if requested.ship_replacement == "on_receipt":
        changes.append(Change(OrderHeld(order_id, requested.return_id, AWAITING_RETURN), at))
    return ReplacementOrdered(requested.return_id, order_id), changes


def _linked(change: Change, return_id: str) -> Change:
    if not isinstance(change.event, OrderPlaced):
        return change
    return Change(replace(change.event, replacement_for=return_id), change.occurred_at)


def cancel_replacement(return_: Return, given: Given) -> list[Change]:
    """The cancellation of the replacement; none where there is none, or some of it has shipped."""
    if return_.replacement is None:
        return []
    order = given.state(Order, return_.replacement)
    shipped = any(progress.shipped for progress in order.lines.values())
    if shipped or order.statuses.order == "cancelled":
        return []
    cancelled = cancel_rest(return_.replacement, order, "customer", None, given)
    return list(put_back_if_begun(cancelled, order, given))
