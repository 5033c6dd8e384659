"""An item of a batch with card data is refused by itself, and nothing of it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.app import Oms
from oms_ledger.http.routes import ANY_COMMANDS
from tests.databases import Database
from tests.http.commands.test_batch import RECEIPT, statuses
from tests.http.commands.test_idempotency import head, key
from tests.http.conftest import Api
from tests.http.examples import Json, order
from tests.http.test_errors import fields, problem_of
from tests.privacy.everywhere import logging_into, places_with

DIGITS = "4111111111111111"
OTHER_CARD = "5555555555554444"
PARTS = (DIGITS, "4111-1111", "411111", OTHER_CARD)

PLACE: Json = {"name": "PlaceOrder", **order()}
RECEIVE: Json = {"name": "ReceiveStock", **RECEIPT}

BATCHES: dict[str, tuple[str, Json, str]] = {
    "/v1/orders:batch": ("orders", order(), "lines.0.sku"),
    "/v1/orders:import": ("orders", order(), "lines.0.sku"),
    "/v1/stock/receipts": ("items", RECEIPT, "reference"),
    "/v1/stock/adjustments": (
        "items",
        {"sku": "A", "location": "LON", "change": -1, "reason": "broken", "reference": "shelf 4"},
        "reference",
    ),
    "/v1/stock/counts": (
        "items",
        {"sku": "A", "location": "LON", "counted": 7, "reference": "shelf 4"},
        "reference",
    ),
    ANY_COMMANDS: ("commands", RECEIVE, "reference"),
}
"""By path: the field of the list, an item, and one of the item's fields."""


def with_card(item: Json, field: str, text: object = DIGITS) -> Json:
    changed: Json = json.loads(json.dumps(item))
    inner: Any = changed
    *outer, last = (int(part) if part.isdecimal() else part for part in field.split("."))
    for part in outer:
        inner = inner[part]
    inner[last] = text
    return changed


def test_all_batches_are_tried() -> None:
    routes = [kind.route for kind in COMMANDS.values() if kind.route.many]
    assert {route.many_path or route.path for route in routes} | {ANY_COMMANDS} == set(BATCHES)


@pytest.mark.parametrize("path", BATCHES)
def test_the_refusal_is_that_of_the_item(memory_shop: Api, path: str) -> None:
    many, item, field = BATCHES[path]
    for card in (DIGITS, int(DIGITS), "4111-1111 1111.1111", ["x", {"deep": DIGITS}]):
        # So that counting the same again is a change.
        memory_shop.post("/v1/stock/receipts", {"sku": "A", "location": "LON", "quantity": 1})
        before = head(memory_shop)
        items = [item, with_card(item, field, card), item, with_card(item, field, card)]
        response = memory_shop.post(path, {many: items})
        body = response.json()
        assert statuses(body)[1::2] == [422, 422]
        assert set(statuses(body)[::2]) <= {200, 201}
        for number in (1, 3):
            problem = body["results"][number]["problem"]
            assert problem["code"] == "card_data_refused"
            assert problem["errors"][0]["field"].startswith(f"{many}.{number}.{field}")
        assert "1111" not in response.text
        assert head(memory_shop) > before


@pytest.mark.parametrize("path", BATCHES)
def test_the_name_of_a_field_and_an_item_that_is_no_object(memory_shop: Api, path: str) -> None:
    many, item, _ = BATCHES[path]
    response = memory_shop.post(path, {many: [{**item, DIGITS: 1}, DIGITS, int(DIGITS), item]})
    assert statuses(response.json())[:3] == [422, 422, 422]
    assert statuses(response.json())[3] in (200, 201)
    codes = [result["problem"]["code"] for result in response.json()["results"][:3]]
    assert codes == ["card_data_refused"] * 3
    assert "1111" not in response.text


@pytest.mark.parametrize("path", BATCHES)
def test_nul_is_refused_by_itself_too(memory_shop: Api, path: str) -> None:
    many, item, field = BATCHES[path]
    body = memory_shop.post(path, {many: [with_card(item, field, "a\x00b"), item]}).json()
    assert statuses(body)[0] == 422
    assert statuses(body)[1] in (200, 201)
    assert body["results"][0]["problem"]["errors"][0]["field"] == f"{many}.0.{field}"


@pytest.mark.parametrize("path", BATCHES)
def test_card_data_beside_the_items_refuses_the_body(memory_shop: Api, path: str) -> None:
    many, item, _ = BATCHES[path]
    before = head(memory_shop)
    for extra in ({"note": DIGITS}, {DIGITS: "x"}, {"note": {"deep": [DIGITS]}}):
        response = memory_shop.post(path, {many: [item], **extra})
        problem_of(response, 422, "card_data_refused")
        assert "1111" not in response.text
    for listed in ({many: DIGITS}, [{many: [DIGITS]}], {many: {DIGITS: 1}}):
        response = memory_shop.post(path, listed)
        assert response.status_code == 422
        assert "1111" not in response.text
    assert head(memory_shop) == before


def test_a_single_receipt_is_refused_as_a_whole(memory_shop: Api) -> None:
    for reference in (DIGITS, f'"items" {DIGITS}'):
        response = memory_shop.post("/v1/stock/receipts", {**RECEIPT, "reference": reference})
        assert fields(problem_of(response, 422, "card_data_refused")) == ["reference"]


def test_the_key_of_a_request_is_no_hash_of_card_data(memory_shop: Api) -> None:
    """Who has the hash of a card number finds the number by trying all. So the card data does not
    count in what the key covers; whether an item was refused for it does."""
    clean, refused = RECEIVE, with_card(RECEIVE, "reference")
    once = {"headers": key("k")}
    first = memory_shop.post(ANY_COMMANDS, {"commands": [clean, refused]}, **once).json()
    other = with_card(RECEIVE, "reference", OTHER_CARD)
    again = memory_shop.post(ANY_COMMANDS, {"commands": [clean, other]}, **once).json()
    assert again == first
    corrected = memory_shop.post(ANY_COMMANDS, {"commands": [clean, clean]}, **once)
    problem_of(corrected, 422, "idempotency_key_reused")


def test_each_command_keeps_its_place_and_its_key(shop: Api) -> None:
    """Refused items before and between do not move the keys of the others."""
    commands = [
        with_card(PLACE, "lines.0.sku"),
        {**RECEIVE, "key": "receipt-1"},
        with_card(PLACE, "external_id"),
        PLACE,
    ]
    first = shop.post(ANY_COMMANDS, {"commands": commands}, headers=key("all")).json()
    assert statuses(first) == [422, 200, 422, 201]
    again = shop.post(ANY_COMMANDS, {"commands": commands}, headers=key("all")).json()
    assert again["results"] == first["results"]
    reused = shop.post(ANY_COMMANDS, {"commands": [{**RECEIVE, "key": "receipt-1"}]}).json()
    assert reused["results"][0] == first["results"][1]


def test_nothing_of_it_is_kept_anywhere(
    oms: Oms, shop: Api, postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logging_into(tmp_path, monkeypatch):
        for path, (many, item, field) in BATCHES.items():
            cards = (DIGITS, "4111-1111 1111 1111", OTHER_CARD)
            refused = [with_card(item, field, card) for card in cards]
            body = shop.post(path, {many: [item, *refused, item]}, headers=key(path)).json()
            assert statuses(body)[1:4] == [422, 422, 422]
        assert places_with(oms, shop, postgres, tmp_path, *PARTS) == set()
        assert "card_data_refused" in shop.get("/metrics").text


def test_many_refused_items_cost_no_more_than_one_body(memory_shop: Api) -> None:
    """The budget for long numbers is that of the body, not of each item."""
    numbers = " ".join(["4000000000000000"] * 500)
    items = [{**RECEIPT, "reference": numbers}] * 200
    response = memory_shop.post("/v1/stock/receipts", {"items": items})
    assert set(statuses(response.json())) == {422}
    codes = [result["problem"]["code"] for result in response.json()["results"]]
    assert codes[0] == "invalid_fields"
    assert codes[-1] == "card_data_refused"
