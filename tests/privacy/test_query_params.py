"""Parameters that hold e-mail addresses or depend on the reader's rights: declared by each query
that has them, and changed for no other."""

from __future__ import annotations

from dataclasses import fields

import pytest

from oms_ledger.app import Oms
from oms_ledger.kernel import Query
from oms_projections import QUERIES
from oms_projections.stock_levels.queries import ListProducts
from tests.http.conftest import Api
from tests.privacy.people import ADA, GUEST

DECLARED = {
    ("customer_orders", "subject"): "customer_id",
    ("export_customer", "subject"): "customer_id",
    ("get_customer", "subject"): "customer_id",
    ("list_orders", "searches_email"): "q",
    ("list_orders", "sensitive_filter"): "with_sensitive",
    ("list_products", "sensitive_filter"): "with_sensitive",
    ("list_stock", "sensitive_filter"): "with_sensitive",
    ("shipping_performance", "minimum_count"): "smallest_count",
}

SEARCHES = {
    "list_orders": "an e-mail address, a part of a number, an external id or a tracking number",
    "list_products": "a part of a SKU or a title, which may contain an @",
}
"""What the parameter `q` of each query searches."""

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


def test_every_query_with_a_q_is_listed_with_what_it_searches() -> None:
    assert {q.name for q in QUERIES if "q" in {f.name for f in fields(q.params)}} == set(SEARCHES)


def products(api: Api, q: str) -> list[str]:
    answer = api.get("/v1/products", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [item["sku"] for item in answer.json()["items"]]


def test_products_with_an_at_in_sku_or_title_are_found(oms: Oms, shop: Api) -> None:
    for sku, title in (("A@B", "Adapter"), ("PLUG", "Plug @ home"), ("C", "Cable")):
        answer = shop.put(f"/v1/products/{sku}", {"title": title})
        assert answer.status_code == 200, answer.text
    position = answer.json()["position"]
    assert shop.get("/v1/products", params={"min_position": position}).status_code == 200
    assert products(shop, "A@B") == ["A@B"]
    assert products(shop, "a@") == ["A@B"]
    assert products(shop, "@ home") == ["PLUG"]
    assert products(shop, "@") == ["A@B", "PLUG"]


def test_orders_are_found_by_e_mail_address_still(oms: Oms, shop: Api) -> None:
    made = ADA.buys(shop)
    GUEST.buys(shop)
    params = {"q": ADA.email.upper(), "min_position": made["position"]}
    items = shop.get("/v1/orders", params=params).json()["items"]
    assert [item["order_id"] for item in items] == [made["order_id"]]


def test_a_query_that_declares_nothing_gets_its_parameters_untouched(oms: Oms) -> None:
    query = next(query for query in QUERIES if query.name == "list_products")
    params = ListProducts(q="ada@example.com")
    assert oms.vault.subjects.resolve_query(query, params) is params
