"""Queries with parameters that can be answered as of any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.personal import with_fields
from oms_ledger.kernel import Json, Position, Query
from oms_projections import QUERIES
from tests.history.shop import PLACES, SKUS, RandomShop
from tests.history.work import a_fulfilment

BY_NAME = {query.name: query for query in QUERIES}
CHECKED = {query.name: TypeAdapter[object](query.params).validate_python for query in QUERIES}
CAPABLE = {query.name for query in QUERIES if not isinstance(query.as_of, str)}

NOTHING: Mapping[str, Json] = {"not": "found"}


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """A query with its parameters, and its live answer when the ledger was at `position`."""

    position: Position
    query: Query
    params: object
    answer: Mapping[str, Json]


def question(name: str, **params: str) -> tuple[Query, object]:
    return BY_NAME[name], CHECKED[name](params)


def questions(shop: RandomShop) -> list[tuple[Query, object]]:
    """Questions for every query with `as_of`, about things chosen at random."""
    sku, place = shop.chance.choice(SKUS), shop.chance.choice((*PLACES, "YRK"))
    order, shipment, return_id = shop.an_order(), shop.a_shipment(), shop.a_return()
    paid_order, payment = shop.a_payment()
    happened = {"happened_by": shop.earlier().isoformat()}
    now = (shop.earlier() + timedelta(days=2)).isoformat()
    late = shop.chance.choice(("true", "false"))
    return [
        question("get_order", order_id=order),
        question("order_timeline", order_id=order),
        question("order_timeline", order_id=order, **happened),
        question("order_events", order_id=order),
        question("get_stock", sku=sku),
        question("get_stock", sku=sku, **happened),
        question("get_stock", sku="KIT"),
        question("get_stock", sku="KIT", **happened),
        question("list_stock", sku=sku, location=place),
        question("list_stock", sku=sku, below="20", limit="1"),
        question("list_stock", sku=sku, low="true"),
        question("list_stock", sku=sku, low="false", limit="1"),
        question("stock_movements", sku=sku, limit="7"),
        question("stock_movements", sku=sku, location=place),
        question("list_products", limit="2"),
        question("list_products", limit="1", with_sensitive="false"),
        question("list_stock", sku=sku, with_sensitive="false"),
        question("get_product", sku=sku),
        question("list_locations"),
        question("get_location", code=place),
        question("get_shipment", shipment_id=shipment),
        question("get_fulfilment", fulfilment_id=a_fulfilment(shop.picking, shop.orders)),
        question("get_fulfilment", fulfilment_id=a_fulfilment(shop.picking, shop.orders)),
        question("get_retention"),
        question("get_return", return_id=return_id),
        question("get_inbound", inbound_id=shop.warehouse.one(shop.warehouse.deliveries)),
        question("get_transfer", transfer_id=shop.warehouse.one(shop.warehouse.transfers)),
        question("get_count", count_id=shop.warehouse.one(shop.warehouse.counts)),
        question("get_lot", sku=sku, lot="L1"),
        question("get_draft", draft_id=shop.a_draft()),
        question("get_reservation", reservation_id=shop.a_reservation()),
        question("get_message", message_id=shop.a_message()),
        question("get_case", case_id=shop.cases.one()),
        question("list_return_policies"),
        question("list_channels"),
        question("list_hold_rules"),
        question("get_routing_rules", channel="web"),
        question("routing_decisions", order_id=order),
        question("get_store_credit", account="c1"),
        question("list_blocked_buyers"),
        question("get_channel", channel="web"),
        question("get_payment", payment_id=payment),
        question("order_payments", order_id=paid_order),
        question("list_shipments", order_id=order, now=now),
        question("list_shipments", order_id=order, now=now, late=late, location=place, limit="1"),
    ]


def answered(query: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
    try:
        return query()
    except NotFound:
        return NOTHING


def more(query: Query, params: object, answer: Mapping[str, Json]) -> tuple[Query, object] | None:
    """The question for the next page, where there is one."""
    cursor = answer.get("next_cursor")
    if not isinstance(cursor, str):
        return None
    return query, with_fields(params, cursor=cursor)
