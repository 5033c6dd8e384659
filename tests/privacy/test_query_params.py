"""Parameters that hold e-mail addresses or depend on the reader's rights: declared by each query
that has or needs them, and changed for no other."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from oms_ledger.app import Oms
from oms_ledger.kernel import Query
from oms_ledger.privacy.sensitivity.mask import NAMED_BY
from oms_projections import QUERIES
from oms_projections.stock_levels.queries import ListProducts
from tests.http.conftest import Api
from tests.privacy.people import ADA, GUEST

DECLARED = {
    ("customer_orders", "subject"): "customer_id",
    ("export_customer", "subject"): "customer_id",
    ("get_customer", "subject"): "customer_id",
    ("list_backorders", "sensitive_filter"): "with_sensitive",
    ("list_incoming", "sensitive_filter"): "with_sensitive",
    ("list_lots", "sensitive_filter"): "with_sensitive",
    ("list_orders", "searches_email"): "q",
    ("list_orders", "sensitive_filter"): "with_sensitive",
    ("location_figures", "sensitive_filter"): "with_sensitive",
    ("list_preorders", "sensitive_filter"): "with_sensitive",
    ("list_products", "sensitive_filter"): "with_sensitive",
    ("list_serials", "sensitive_filter"): "with_sensitive",
    ("list_stock", "sensitive_filter"): "with_sensitive",
    ("list_stock_alerts", "sensitive_filter"): "with_sensitive",
    ("stock_figures", "sensitive_filter"): "with_sensitive",
    ("stock_values", "sensitive_filter"): "with_sensitive",
    ("fulfilment_performance", "minimum_count"): "smallest_count",
    ("order_figures", "minimum_count"): "smallest_count",
    ("payment_figures", "minimum_count"): "smallest_count",
    ("return_figures", "minimum_count"): "smallest_count",
    ("shipping_performance", "minimum_count"): "smallest_count",
}

SEARCHES = {
    "list_drafts": "a part of the id, or of the external id of one that is not sensitive",
    "list_fulfilments": "as lists of orders do, and no external id of a sensitive order",
    "list_orders": "an e-mail address, a part of a number, an external id or a tracking number",
    "list_products": "a part of a SKU or a title, which may contain an @",
    "list_returns": "a part of the order's number or of the id of the return",
    "list_shipments": "a part of the order's number or of a tracking number",
}
"""What the parameter `q` of each query searches."""

UNRESTRICTED = {
    "list_shipments": "every item names its order and is masked like it",
    "customer_orders": "every item names its order and is masked like it",
    "export_customer": "every order, shipment and event in it is named and masked like it",
    "list_customers": "how many orders a customer has and what they paid for all is no secret",
    "get_customer": "how many orders a customer has is no secret: only what is in them is",
    "track": "the public page of a parcel has no items and does not show the mark",
    "get_retention": "periods that the law sets, with no order in them",
    "retention_due": "customers and how many orders they have, whatever is in those",
    "list_deadlines": "ids and times, and nothing of what was ordered",
    "list_returns": "every item names its return and is masked like its order",
    "list_drafts": "every item says itself whether it is sensitive, and is masked by that",
    "list_fulfilments": "every item says itself whether it is sensitive, and is masked by that",
    "pick_list": "units of sensitive orders are items of their own, which say so and are masked",
    "list_reservations": "every item says itself whether it is sensitive, and is masked by that",
    "list_cases": "every item says itself whether it is sensitive, and is masked by that",
    "list_messages": "every item says itself whether it is sensitive, and is masked by that",
    "list_payments": "every item names its payment and is masked like its order",
    "get_store_credit": "amounts, whose orders are named and masked as such",
    "get_inbound": "no order is in it; each line names its SKU and is masked by that",
    "list_inbound": "no order is in it; each line names its SKU and is masked by that",
    "get_transfer": "no order is in it; each line names its SKU and is masked by that",
    "list_transfers": "no order is in it; each line names its SKU and is masked by that",
    "get_count": "no order is in it; each line names its SKU and is masked by that",
    "list_counts": "no order is in it; each line names its SKU and is masked by that",
    "list_hold_rules": "rules, with no order in them",
    "list_blocked_buyers": "buyers, with no order of theirs",
    "list_channels": "settings, with no order in them",
    "get_channel": "settings, with no order in them",
    "get_routing_rules": "rules, with no order in them",
    "list_return_policies": "periods for whole categories, with no order in them",
    "list_locations": "places and nothing that is in them",
    "get_location": "one place and nothing that is in it",
}
"""Queries that are not about one order, shipment or SKU, and that answer readers without the scope
sensitive:read in full all the same. Each with the reason why that reveals nothing."""

KINDS = ("searches_email", "subject", "sensitive_filter", "minimum_count")


def test_the_declared_parameters_are_these() -> None:
    declared = {(q.name, k): name for q in QUERIES for k in KINDS if (name := getattr(q, k))}
    assert declared == DECLARED


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_declared_parameter_exists_and_a_sensitive_one_is_declared(query: Query) -> None:
    """A new query with one of these parameters must declare what it means."""
    names = {field.name for field in fields(query.params)}
    declared = {getattr(query, kind) for kind in KINDS} - {None}
    assert declared <= names
    meaningful = {"customer_id", "with_sensitive", "smallest_count"}
    assert names & meaningful <= declared


def names_its_subject(query: Query) -> bool:
    """Whether the path names one order, shipment, SKU or stream. The answer is then masked by it,
    whatever is in the answer."""
    return not {"stream", *NAMED_BY}.isdisjoint(re.findall(r"{(\w+)}", query.path))


def unmasked() -> set[str]:
    """Queries whose answers may count or list sensitive records: those that name no subject, and
    declare neither `sensitive_filter` nor `minimum_count`."""
    return {
        query.name
        for query in QUERIES
        if not (names_its_subject(query) or query.sensitive_filter or query.minimum_count)
    }


def test_lists_and_figures_exclude_sensitive_records_or_have_a_reason() -> None:
    new = unmasked() - UNRESTRICTED.keys()
    assert not new, (
        f"Give {sorted(new)} a `sensitive_filter` or a `minimum_count` (see `Query` in"
        " kernel/queries.py). A query that can reveal no health data goes into UNRESTRICTED,"
        " with the reason."
    )
    assert UNRESTRICTED.keys() == unmasked(), "no longer needed in UNRESTRICTED"


def test_an_unrestricted_query_cannot_be_filtered_by_what_was_ordered() -> None:
    """A filter by SKU tells which of the masked items contain it. The `q` of shipments, drafts,
    returns and fulfilment orders searches what masked items show."""
    by_content = {"sku", "q", "title", "external_id", "reference"}
    filters = {q.name: {f.name for f in fields(q.params)} & by_content for q in QUERIES}
    assert filters.pop("list_drafts") == filters.pop("list_fulfilments") == {"q"}
    assert filters.pop("list_shipments") == filters.pop("list_returns") == {"q"}
    assert {name for name in UNRESTRICTED if filters.get(name)} == set()


def test_every_query_with_a_q_is_listed_with_what_it_searches() -> None:
    assert {q.name for q in QUERIES if "q" in {f.name for f in fields(q.params)}} == set(SEARCHES)


def products(api: Api, q: str) -> list[str]:
    answer = api.get("/v1/products", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [item["sku"] for item in answer.json()["items"]]


def test_products_with_an_at_in_sku_or_title_are_listed(oms: Oms, shop: Api) -> None:
    for sku, title in (("A@B", "Adapter"), ("PLUG", "Plug @ home"), ("C", "Cable")):
        answer = shop.put(f"/v1/products/{sku}", {"title": title})
        assert answer.status_code == 200, answer.text
    position = answer.json()["position"]
    assert shop.get("/v1/products", params={"min_position": position}).status_code == 200
    assert products(shop, "A@B") == ["A@B"]
    assert products(shop, "a@") == ["A@B"]
    assert products(shop, "@ home") == ["PLUG"]
    assert products(shop, "@") == ["A@B", "PLUG"]


def test_orders_are_still_listed_by_e_mail_address(oms: Oms, shop: Api) -> None:
    made = ADA.buys(shop)
    GUEST.buys(shop)
    params = {"q": ADA.email.upper(), "min_position": made["position"]}
    items = shop.get("/v1/orders", params=params).json()["items"]
    assert [item["order_id"] for item in items] == [made["order_id"]]


def test_a_query_that_declares_nothing_gets_its_parameters_untouched(oms: Oms) -> None:
    query = next(query for query in QUERIES if query.name == "list_products")
    params = ListProducts(q="ada@example.com")
    assert oms.vault.subjects.resolve_query(query, params) is params
