"""What is personal in a draft is sealed, exported, masked and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.databases import Database
from tests.http.conftest import Api
from tests.http.examples import order
from tests.privacy.people import ADA, BOB, GUEST, Planted
from tests.privacy.search import dumped, rows_with
from tests.privacy.test_erasure import REASON, forget, order_of

NAMELESS = Planted("Zqnameless")


def saved(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/v1/drafts", body)
    assert answer.status_code == 201, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


def anonymous(**more: Any) -> dict[str, Any]:
    """A draft with an address, and neither a customer's id nor an e-mail address."""
    return {**order(1), "shipping_address": NAMELESS.address, **more}


def draft_of(api: Api, draft_id: str, position: int) -> dict[str, Any]:
    params: dict[str, Any] = {"min_position": position, "wait_ms": 10_000}
    answer = api.get(f"/v1/drafts/{draft_id}", params=params)
    assert answer.status_code == 200, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


@pytest.mark.parametrize("person", [ADA, GUEST])
def test_a_draft_is_sealed_and_forgotten_with_its_person(
    shop: Api, postgres: Database, person: Planted
) -> None:
    made = saved(shop, person.order())
    other = saved(shop, BOB.order())
    assert rows_with(postgres, person.mark) == []
    shown = draft_of(shop, made["draft_id"], other["position"])
    assert shown["customer"]["email"] == person.email
    position = forget(shop, person.id or person.email)["position"]
    shown = draft_of(shop, made["draft_id"], position)
    assert shown["customer"]["email"] == shown["shipping_address"]["line1"] == "[forgotten]"
    assert draft_of(shop, other["draft_id"], position)["customer"]["email"] == BOB.email
    assert person.mark not in shop.get("/v1/events").text
    assert person.mark not in dumped(postgres)


@pytest.mark.parametrize("person", [ADA, GUEST])
def test_the_order_of_a_draft_is_compared_with_blocked_addresses(
    oms: Oms, shop: Api, postgres: Database, person: Planted
) -> None:
    """By the address of its newest content, with or without its key in memory; and the draft keeps
    no hash of it, which would outlive the person."""
    other, made = saved(shop, BOB.order()), saved(shop, BOB.order())
    path = f"/v1/drafts/{made['draft_id']}"
    assert shop.put(path, person.order()).status_code == 200
    keys = oms.vault.keys
    with_hash = rows_with(postgres, keys.ledger_key().blind(person.email))
    assert set(with_hash) <= {"subject_index", "subject_keys"}
    assert shop.put(f"/v1/blocked/{person.email.upper()}", {"reason": "x"}).status_code == 200
    with postgres.connect_owner() as owner:
        stored = [str(key) for (key,) in owner.execute("SELECT key_id FROM subject_keys")]
    keys.ring.drop(stored)
    (hold,) = shop.post(f"{path}/place").json()["holds"]
    assert (hold["rule"], hold["reason"]) == ("blocked", "x")
    assert shop.post(f"/v1/drafts/{other['draft_id']}/place").json()["holds"] == []


def test_a_forgotten_address_of_a_draft_is_compared_with_nothing(shop: Api) -> None:
    made = saved(shop, ADA.order())
    assert shop.put(f"/v1/blocked/{ADA.email}", {"reason": "x"}).status_code == 200
    forget(shop, "c-ada")
    placed = shop.post(f"/v1/drafts/{made['draft_id']}/place")
    assert (placed.status_code, placed.json()["holds"]) == (201, [])


def test_the_order_of_a_draft_is_forgotten_with_its_customer(shop: Api) -> None:
    made = saved(shop, ADA.order())
    placed = shop.post(f"/v1/drafts/{made['draft_id']}/place").json()
    assert order_of(shop, placed)["shipping_address"]["line1"] == f"{ADA.mark} line1"
    position = forget(shop, "c-ada")["position"]
    assert order_of(shop, {**placed, "position": position})["customer"]["email"] == "[forgotten]"
    assert ADA.mark not in shop.get("/v1/events").text


@pytest.mark.parametrize("external_id", [None, "1001"])
def test_the_order_of_an_anonymous_draft_is_forgotten_by_the_order(
    shop: Api, postgres: Database, external_id: str | None
) -> None:
    """With an external id it has another id than the draft whose person sealed its address."""
    draft = anonymous() if external_id is None else anonymous(external_id=external_id)
    made = saved(shop, draft)
    placed = shop.post(f"/v1/drafts/{made['draft_id']}/place").json()
    assert order_of(shop, placed)["shipping_address"]["name"] == f"{NAMELESS.mark} name"
    answer = shop.post(f"/v1/orders/{placed['order_id']}/forget", REASON)
    assert answer.status_code == 200, answer.text
    after = order_of(shop, {**placed, "position": answer.json()["position"]})
    assert after["shipping_address"]["name"] == "[forgotten]"
    assert NAMELESS.mark not in shop.get("/v1/events").text
    assert rows_with(postgres, NAMELESS.mark) == []


def test_an_anonymous_draft_is_forgotten_when_it_is_deleted(shop: Api) -> None:
    made = saved(shop, anonymous())
    assert NAMELESS.mark in shop.get("/v1/events").text
    answer = shop.send("DELETE", f"/v1/drafts/{made['draft_id']}")
    assert (answer.status_code, answer.json()["status"]) == (200, "deleted")
    assert NAMELESS.mark not in shop.get("/v1/events").text


def test_the_draft_of_a_customer_stays_readable_to_an_auditor_when_it_is_deleted(
    shop: Api,
) -> None:
    """It is forgotten with the customer, and not by who deletes a draft."""
    made = saved(shop, ADA.order())
    shop.send("DELETE", f"/v1/drafts/{made['draft_id']}")
    assert ADA.mark in shop.get("/v1/events").text
    forget(shop, "c-ada")
    assert ADA.mark not in shop.get("/v1/events").text


def test_an_export_has_the_drafts_of_a_customer_without_orders(shop: Api) -> None:
    first = saved(shop, ADA.order())
    saved(shop, BOB.order())
    gone = saved(shop, {**ADA.order(), "external_id": "GONE"})
    shop.send("DELETE", f"/v1/drafts/{gone['draft_id']}")
    answer = shop.get("/v1/customers/c-ada/export")
    assert answer.status_code == 200, answer.text
    export = answer.json()
    assert (export["customer_id"], export["orders"]) == ("c-ada", 0)
    assert export["first_order_at"] is None
    assert [draft["draft_id"] for draft in export["drafts"]] == [first["draft_id"]]
    assert export["drafts"][0]["customer"]["email"] == ADA.email
    types = [event["type"] for event in export["events"]]
    assert types == ["draft.saved.v1", "draft.saved.v1", "draft.deleted.v1"]
    assert BOB.mark not in answer.text
    assert shop.get("/v1/customers/c-nobody/export").status_code == 404
    placed = shop.post(f"/v1/drafts/{first['draft_id']}/place").json()
    params = {"min_position": placed["position"], "wait_ms": 10_000}
    export = shop.get("/v1/customers/c-ada/export", params=params).json()
    assert (export["orders"], export["drafts"][0]["status"]) == (1, "placed")


def test_a_sensitive_draft_is_masked_and_hidden_from_searches(oms: Oms, shop: Api) -> None:
    shop.put("/v1/products/A", {"title": "Pill", "sensitive": True})
    made = saved(shop, {**order(1), "external_id": "RX-99"})
    draft = draft_of(shop, made["draft_id"], made["position"])
    assert (draft["sensitive"], draft["lines"][0]["sku"]) == (True, "A")
    key = oms.api_keys.create("desk", "support")
    with Api(create_app(oms), key=key) as desk:
        shown = draft_of(desk, made["draft_id"], made["position"])
        (listed,) = desk.get("/v1/drafts").json()["items"]
        for each in (shown, listed):
            assert (each["lines"][0]["sku"], each["external_id"]) == ("***", "***")
            assert each["draft_id"] == made["draft_id"]
        assert desk.get("/v1/drafts", params={"q": "rx-99"}).json()["items"] == []
    key = oms.api_keys.create("shop", "channel")
    with Api(create_app(oms), key=key) as channel:
        assert "Ada" not in channel.get("/v1/drafts").text


def test_keys_of_a_channel_make_and_see_drafts_of_it_alone(oms: Oms, shop: Api) -> None:
    nobodys = saved(shop, {"customer": {"id": "c-ada"}})["draft_id"]
    key = oms.api_keys.create("webshop", None, ["orders:read", "orders:write"], channels=["web"])
    with Api(create_app(oms), key=key) as bound:
        for body in ({}, {"channel": "store"}):
            assert bound.post("/v1/drafts", body).status_code == 403
        assert bound.put(f"/v1/drafts/{nobodys}", {"channel": "web"}).status_code == 404
        made = saved(bound, {**order(1), "channel": "WEB"})
        moved = bound.put(f"/v1/drafts/{made['draft_id']}", {"channel": "store"})
        assert moved.status_code == 409, moved.text
        params = {"min_position": made["position"], "wait_ms": 10_000}
        items = bound.get("/v1/drafts", params=params).json()["items"]
        assert [each["draft_id"] for each in items] == [made["draft_id"]]
        assert bound.get(f"/v1/drafts/{nobodys}", params=params).status_code == 404
        assert bound.post(f"/v1/drafts/{made['draft_id']}/place").status_code == 201
