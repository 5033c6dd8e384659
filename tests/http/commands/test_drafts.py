"""Drafts over HTTP: from the first line to the order, and many at the same moment."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of


def created(api: Api, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = api.post("/v1/drafts", body or {})
    assert answer.status_code == 201, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


def at(made: dict[str, Any]) -> dict[str, Any]:
    return {"min_position": made["position"], "wait_ms": 10_000}


def test_a_draft_grows_and_becomes_an_order(shop: Api) -> None:
    made = created(shop)
    draft_id = made["draft_id"]
    stock = shop.get("/v1/stock/A", params=at(made)).json()
    path = f"/v1/drafts/{draft_id}"
    early = problem_of(shop.post(f"{path}/place"), 422, "invalid_fields")
    assert [each["field"] for each in early["errors"]] == ["channel", "currency", "lines"]
    body = {
        **order(3, customer={"id": "c1", "name": "Ada"}, shipping_address={"line1": "1 High St"}),
        "shipping": {"service": "standard", "price": "4.95"},
        "external_id": "D-1",
        "discount": "1.00",
    }
    saved = shop.put(path, body).json()
    shown = shop.get(path, params=at(saved)).json()
    assert shown["lines"][0] == {
        "sku": "A", "quantity": 3, "unit_price": "2.55",
        "tax": None, "discount": None, "title": None, "tax_rate": None,
    }  # fmt: skip
    assert (shown["customer"]["name"], shown["shipping_address"]["line1"]) == ("Ada", "1 High St")
    assert (shown["status"], shown["version"], shown["shipping"]["price"]) == ("open", 2, "4.95")
    assert shop.get("/v1/stock/A", params=at(saved)).json() == stock
    placed = shop.post(f"{path}/place")
    assert placed.status_code == 201
    first = placed.json()
    assert (first["total"], first["lines"][0]["allocated"]) == ("11.60", 3)
    assert first["external_id"] == "D-1"
    again = shop.post(f"{path}/place")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["order_id"] == first["order_id"]
    assert again.headers["etag"] == placed.headers["etag"]
    shown = shop.get(path, params=at(first)).json()
    assert (shown["status"], shown["order_id"]) == ("placed", first["order_id"])
    detail = shop.get(f"/v1/orders/{first['order_id']}", params=at(first)).json()
    assert detail["customer"]["name"] == "Ada"
    same = shop.post("/v1/orders", body)
    assert (same.status_code, same.json()["order_id"]) == (200, first["order_id"])
    problem_of(shop.put(path, body), 409, "illegal_transition")
    problem_of(shop.send("DELETE", path), 409, "illegal_transition")


def test_placing_refuses_as_placing_an_order_does_and_writes_nothing(shop: Api) -> None:
    for body, code in (
        (order(5000), "insufficient_stock"),
        (order(1, "never-defined"), "unknown_sku"),
    ):
        path = f"/v1/drafts/{created(shop, body)['draft_id']}/place"
        before = shop.get("/v1/events").headers["ledger-position"]
        refused = problem_of(shop.post(path), 409, code)
        direct = problem_of(shop.post("/v1/orders", body), 409, code)
        assert refused["errors"] == direct["errors"]
        assert shop.get("/v1/events").headers["ledger-position"] == before
    path = f"/v1/drafts/{created(shop, order(2))['draft_id']}/place"
    dry = shop.post(f"{path}?dry_run=true")
    assert dry.status_code == 200
    types = [event["type"] for event in dry.json()["events"]]
    assert types[-1] == "draft.placed.v1"
    assert "order.placed.v1" in types
    assert shop.post(path, headers={"Idempotency-Key": "k"}).status_code == 201
    replayed = shop.post(path, headers={"Idempotency-Key": "k"})
    assert (replayed.status_code, replayed.headers["idempotent-replayed"]) == (201, "true")


def test_a_draft_that_is_placed_many_times_at_once_is_one_order(shop: Api) -> None:
    path = f"/v1/drafts/{created(shop, order(2))['draft_id']}/place"
    answers = shop.all_at_once(*[("POST", path, {}, {})] * 20)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    allocated = shop.get("/v1/events", params={"types": "stock.allocated.v1"}).json()["items"]
    assert [event["data"]["quantity"] for event in allocated] == [2]


def test_many_drafts_for_few_units_are_never_oversold(shop: Api) -> None:
    """There are 100 units; twenty drafts want ten each."""
    paths = [f"/v1/drafts/{created(shop, order(10))['draft_id']}/place" for _ in range(20)]
    answers = shop.all_at_once(*(("POST", path, {}, {}) for path in paths))
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 10}
    assert shop.post("/v1/orders", order(1)).status_code == 409


def test_a_draft_that_is_placed_deleted_and_changed_at_once_is_one_of_these(shop: Api) -> None:
    for _ in range(5):
        path = f"/v1/drafts/{created(shop, order(1))['draft_id']}"
        placed, deleted = shop.all_at_once(
            ("POST", f"{path}/place", {}, {}), ("DELETE", path, None, {})
        )
        assert (placed.status_code, deleted.status_code) in ((201, 409), (404, 200))


def test_drafts_are_listed_filtered_and_searched(shop: Api) -> None:
    first = created(shop, {"channel": "web", "external_id": "Alpha-1", "customer": {"id": "c1"}})
    second = created(shop, {"channel": "phone", "customer": {"id": "c2"}})
    third = created(shop, order(1))
    placed = shop.post(f"/v1/drafts/{third['draft_id']}/place").json()
    gone = created(shop)
    deleted = shop.send("DELETE", f"/v1/drafts/{gone['draft_id']}").json()
    assert placed["position"] < deleted["position"]

    def listed(**filters: Any) -> list[str]:
        answer = shop.get("/v1/drafts", params={**at(deleted), **filters})
        assert answer.status_code == 200, answer.text
        return [item["draft_id"] for item in answer.json()["items"]]

    ids = [each["draft_id"] for each in (third, second, first)]
    assert listed() == ids
    assert listed(status="open") == ids[1:]
    assert listed(status="placed") == ids[:1]
    assert listed(channel="web,phone", status="open") == ids[1:]
    assert listed(customer="c2") == [second["draft_id"]]
    assert listed(q="ALPHA") == [first["draft_id"]]
    assert listed(q=second["draft_id"].upper()) == [second["draft_id"]]
    page = shop.get("/v1/drafts", params={"limit": 2}).json()
    created(shop)
    rest = shop.get("/v1/drafts", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["draft_id"] for item in (*page["items"], *rest["items"])] == ids
    path = f"/v1/drafts/{gone['draft_id']}"
    for answer in (shop.get(path), shop.send("DELETE", path), shop.post(f"{path}/place")):
        problem_of(answer, 404, "not_found")
    before = {"as_of": deleted["position"] - 1}
    assert shop.get(path, params=before).json()["status"] == "open"
    problem_of(shop.get("/v1/drafts", params={"status": "deleted"}), 422, "invalid_fields")


def test_hostile_drafts_are_refused(shop: Api) -> None:
    line = {"sku": "A", "quantity": 1, "unit_price": "1.00"}
    for body in (
        {"lines": "x"},
        {"lines": [line] * 2001},
        {"lines": [{**line, "unit_price": 1.1}]},
        {"draft_id": "x"},
        {"surprise": 1},
        {"channel": "two words"},
        {"external_id": "x" * 201},
        {"customer": {"name": "x" * 501}},
        {"currency": None, "discount": "-1"},
        {"tax_included": "perhaps"},
    ):
        problem_of(shop.post("/v1/drafts", body), 422, "invalid_fields")
    assert shop.post("/v1/drafts", {"customer": {"name": "4111 1111 1111 1111"}}).status_code == 422
    path = f"/v1/drafts/{created(shop)['draft_id']}"
    problem_of(shop.post(f"{path}/place", {"confirm": True}), 422, "invalid_fields")
    problem_of(shop.put("/v1/drafts/none", {}), 404, "not_found")
    problem_of(shop.get("/v1/drafts/none"), 404, "not_found")
    problem_of(shop.put(path, {}, headers={"If-Match": '"1"'}), 422, "invalid_fields")


def test_in_a_batch_of_commands(shop: Api) -> None:
    create = {"name": "CreateDraft", **order(1)}
    made = shop.post("/v1/commands:batch", {"commands": [create]}).json()["results"][0]
    assert made["status"] == 201
    place = {"name": "PlaceDraft", "draft_id": made["answer"]["draft_id"]}
    results = shop.post("/v1/commands:batch", {"commands": [place, place]}).json()["results"]
    assert [each["status"] for each in results] == [201, 200]
