"""Customers whose id was stored in NFD, as ids were before texts had one form: they are reached by
it in either form, by commands, queries and the record of accesses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Api
from tests.http.examples import order

NFC, NFD = "José-7", "Jose\u0301-7"

BOTH = pytest.mark.parametrize("sent", [NFC, NFD])


def buys(api: Api, customer_id: str, **subjects: str) -> dict[str, Any]:
    answer = api.post("/v1/orders", order(1, customer={"id": customer_id, **subjects}))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def id_in(api: Api, made: dict[str, Any], position: int) -> str:
    """The customer's id in an order."""
    answer = api.get(f"/v1/orders/{made['order_id']}", params={"min_position": position})
    stored: str = answer.json()["customer"]["id"]
    return stored


@pytest.fixture
def older(shop: Api, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An order of a customer of before."""
    with monkeypatch.context() as patch:
        patch.setattr("oms_ledger.domain.texts.normalize", lambda form, text: text)
        placed = buys(shop, NFD, name="Zq")
    assert id_in(shop, placed, placed["position"]) == NFD
    return placed


@BOTH
def test_new_orders_are_of_the_same_customer(shop: Api, older: dict[str, Any], sent: str) -> None:
    newer = [buys(shop, sent, name="Zq"), buys(shop, sent)]
    assert {id_in(shop, each, newer[-1]["position"]) for each in newer} == {NFD}
    expected = {each["order_id"] for each in (older, *newer)}
    waits = {"min_position": newer[-1]["position"]}
    for queried in (NFC, NFD):
        listed = shop.get(f"/v1/customers/{queried}/orders", params=waits).json()["items"]
        assert {each["order_id"] for each in listed} == expected
        summary = shop.get(f"/v1/customers/{queried}", params=waits).json()
        assert (summary["customer_id"], summary["orders"]) == (NFD, 3)
        filtered = shop.get("/v1/orders", params={"customer": queried, **waits}).json()["items"]
        assert {each["order_id"] for each in filtered} == expected


@BOTH
def test_orders_of_a_batch_are_of_that_customer(
    shop: Api, older: dict[str, Any], sent: str
) -> None:
    bodies = [order(1, customer={"id": one, "name": "Zq"}) for one in (sent, "Zoë", "plain", sent)]
    answer = shop.post("/v1/orders:batch", {"orders": bodies}).json()
    ids = [id_in(shop, each["order"], answer["position"]) for each in answer["results"]]
    assert ids == [NFD, "Zoë", "plain", NFD]


@BOTH
def test_they_are_held_and_forgotten(shop: Api, older: dict[str, Any], sent: str) -> None:
    path = f"/v1/customers/{sent}"
    held = shop.post(f"{path}/hold", {"reason": "litigation"})
    assert (held.status_code, held.json()["customer_id"]) == (200, NFD)
    assert shop.post(f"{path}/forget", {"reason": "wish"}).status_code == 409
    hold_id = held.json()["hold_id"]
    released = shop.post(f"{path}/holds/{hold_id}/release", {"reason": "closed"})
    assert (released.status_code, released.json()["holds"]) == (200, [])
    assert shop.post(f"{path}/forget", {"reason": "wish"}).json()["customer_id"] == NFD
    waits = {"min_position": released.json()["position"] + 1}
    shown = shop.get(f"/v1/orders/{older['order_id']}", params=waits).json()
    assert shown["customer"]["name"] == "[forgotten]"


@BOTH
def test_disclosures_are_listed_in_any_form(shop: Api, older: dict[str, Any], sent: str) -> None:
    assert (
        shop.get(f"/v1/orders/{older['order_id']}?min_position={older['position']}").json()[
            "customer"
        ]["name"]
        == "Zq"
    )
    items = shop.get("/v1/audit/access", params={"customer": sent}).json()["items"]
    assert items
    assert {subject for each in items for subject in each["subjects"]} == {f"customer:{NFD}"}


def test_a_new_customer_has_one_form(shop: Api) -> None:
    made = [buys(shop, one, name="Zq") for one in (NFD, NFC, NFD)]
    assert [id_in(shop, each, made[-1]["position"]) for each in made] == [NFC] * 3
