"""What is personal in an edit belongs to the person of the order, or to the one that it names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.databases import Database
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of
from tests.privacy.people import ADA, BOB, GUEST, Planted
from tests.privacy.search import rows_with
from tests.privacy.test_erasure import REASON, forget, order_of

NEW = Planted("Zqnewaddress")
"""The mark of an address that an order did not have when it was placed."""


def to_new_address(which: str = "shipping") -> dict[str, Any]:
    return {"type": f"set_{which}_address", "address": NEW.address}


def edit(api: Api, made: dict[str, Any], *changes: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/v1/orders/{made['order_id']}/edit", {"changes": list(changes)})
    assert answer.status_code == 200, answer.text
    edited: dict[str, Any] = answer.json()
    return edited


def is_for(person: Planted) -> list[dict[str, Any]]:
    """An order's customer and both addresses are a person's from now on."""
    addresses = ("set_shipping_address", "set_billing_address")
    return [
        {"type": "set_customer", "customer": person.customer},
        *({"type": kind, "address": person.address} for kind in addresses),
    ]


def keys_of(postgres: Database) -> list[str]:
    with postgres.connect() as connection:
        rows = connection.execute(
            "SELECT subject FROM subject_keys WHERE destroyed_at IS NULL ORDER BY subject"
        ).fetchall()
    return [str(subject).partition(":")[0] for (subject,) in rows]


@pytest.mark.parametrize("person", [ADA, GUEST])
def test_an_edited_address_is_forgotten_with_the_person_of_the_order(
    shop: Api, postgres: Database, person: Planted
) -> None:
    made = person.buys(shop)
    keys = keys_of(postgres)
    edited = edit(shop, made, to_new_address(), to_new_address("billing"))
    assert keys_of(postgres) == keys
    shown = order_of(shop, {**made, **edited})
    assert shown["shipping_address"]["line1"] == shown["billing_address"]["line1"]
    assert NEW.mark in shown["shipping_address"]["line1"]
    position = forget(shop, person.id or person.email)["position"]
    shown = order_of(shop, {**made, "position": position})
    assert shown["shipping_address"]["line1"] == shown["billing_address"]["line1"] == "[forgotten]"
    assert NEW.mark not in shop.get("/v1/events").text
    assert rows_with(postgres, NEW.mark) == []


def test_a_correction_is_sealed_with_the_key_of_the_customer_and_forgotten_with_it(
    shop: Api, postgres: Database
) -> None:
    first, second = ADA.buys(shop), ADA.buys(shop)
    keys = keys_of(postgres)
    orders = [made["order_id"] for made in (first, second)]
    body = {
        "order_ids": orders,
        "customer": {"name": NEW.mark},
        "billing_address": NEW.address,
    }
    answer = shop.post(f"/v1/customers/{ADA.id}/correct", body)
    assert answer.json()["corrected"] == orders
    assert (keys_of(postgres), rows_with(postgres, NEW.mark)) == (keys, [])
    for made in (first, second):
        shown = order_of(shop, {**made, "position": answer.json()["position"]})
        assert shown["customer"]["name"] == NEW.mark
        assert shown["customer"]["email"] == ADA.email
    position = forget(shop, str(ADA.id))["position"]
    shown = order_of(shop, {**second, "position": position})
    assert shown["customer"]["name"] == shown["billing_address"]["line1"] == "[forgotten]"
    assert NEW.mark not in shop.get("/v1/events").text


def test_an_edited_address_of_an_anonymous_order_is_forgotten_with_the_order(shop: Api) -> None:
    made = shop.post("/v1/orders", order(1, "A")).json()
    edit(shop, made, to_new_address())
    assert shop.post(f"/v1/orders/{made['order_id']}/forget", REASON).status_code == 200
    assert NEW.mark not in shop.get("/v1/events").text


def test_an_order_belongs_to_its_new_customer_and_its_past_to_the_one_before(
    shop: Api, postgres: Database
) -> None:
    made = ADA.buys(shop)
    edited = edit(shop, made, *is_for(BOB))
    shown = order_of(shop, {**made, **edited})
    assert (shown["customer"]["id"], shown["customer"]["email"]) == (BOB.id, BOB.email)
    for email, orders in ((ADA.email, 0), (BOB.email, 1)):
        params: dict[str, Any] = {"q": email, "min_position": edited["position"]}
        assert len(shop.get("/v1/orders", params=params).json()["items"]) == orders
    assert len(shop.get("/v1/orders", params={"customer": BOB.id}).json()["items"]) == 1
    everything_of_bob = shop.get("/v1/customers/c-bob/export").text
    assert BOB.mark in everything_of_bob
    assert ADA.mark not in everything_of_bob
    position = forget(shop, "c-ada")["position"]
    assert ADA.mark not in shop.get("/v1/events").text
    assert rows_with(postgres, ADA.mark) == []
    assert order_of(shop, {**made, "position": position})["customer"]["email"] == BOB.email
    position = forget(shop, "c-bob")["position"]
    assert order_of(shop, {**made, "position": position})["customer"]["email"] == "[forgotten]"


def test_another_customer_without_addresses_is_refused_and_leaves_no_key(
    shop: Api, postgres: Database
) -> None:
    made = ADA.buys(shop)
    keys = keys_of(postgres)
    path = f"/v1/orders/{made['order_id']}/edit"
    alone = {"changes": [{"type": "set_customer", "customer": BOB.customer}]}
    problem = problem_of(shop.post(path, alone), 409, "another_person")
    assert problem["errors"] == [{"part": "shipping_address"}]
    assert keys_of(postgres) == keys
    assert BOB.mark not in shop.get("/v1/events").text


def test_a_corrected_name_is_sealed_with_the_key_of_the_customer(
    shop: Api, postgres: Database
) -> None:
    made = ADA.buys(shop)
    keys = keys_of(postgres)
    corrected = {**ADA.customer, "name": f"{NEW.mark} corrected"}
    edited = edit(shop, made, {"type": "set_customer", "customer": corrected})
    assert order_of(shop, {**made, **edited})["customer"]["name"] == corrected["name"]
    assert keys_of(postgres) == keys


def test_after_forgetting_an_order_gets_a_person_only_as_a_whole(shop: Api) -> None:
    made = ADA.buys(shop)
    forget(shop, "c-ada")
    path = f"/v1/orders/{made['order_id']}/edit"
    problem = problem_of(shop.post(path, {"changes": [to_new_address()]}), 409, "another_person")
    assert problem["errors"] == [{"part": "customer"}]
    edited = edit(shop, made, *is_for(ADA))
    assert order_of(shop, {**made, **edited})["customer"]["email"] == ADA.email
    assert forget(shop, "c-ada")["forgotten"] == 2


def test_the_first_address_of_an_anonymous_order_is_forgotten_after_it_got_a_customer(
    shop: Api, postgres: Database
) -> None:
    anonymous = order(1, "A", shipping_address=NEW.address)
    made = shop.post("/v1/orders", anonymous).json()
    edit(shop, made, *is_for(ADA))
    path = f"/v1/orders/{made['order_id']}/forget"
    assert shop.post(path, REASON).status_code == 200
    assert NEW.mark not in shop.get("/v1/events").text
    assert ADA.mark in shop.get("/v1/events").text
    problem_of(shop.post(path, REASON), 409, "belongs_to_a_customer")


def test_a_sensitive_order_is_on_record_for_the_customer_that_it_got(shop: Api) -> None:
    made = ADA.buys(shop, sensitive=True)
    edited = edit(shop, made, *is_for(BOB))
    order_of(shop, {**made, **edited})
    shop.get(f"/v1/orders/{made['order_id']}/timeline")
    for person in ("c-ada", "c-bob"):
        entries = shop.get("/v1/audit/access", params={"customer": person}).json()["items"]
        routes = [entry["route"] for entry in entries]
        assert any(route.endswith("/timeline") for route in routes), person
