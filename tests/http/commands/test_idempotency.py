"""Sent twice, done once."""

from __future__ import annotations

from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of


def head(api: Api) -> int:
    return int(api.get("/v1/events?limit=1").headers["ledger-position"])


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_a_replay_answers_the_first_result(memory_shop: Api) -> None:
    first = memory_shop.post("/v1/orders", order(2), headers=key("k1"))
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    before = head(memory_shop)
    again = memory_shop.post("/v1/orders", order(2), headers=key("k1"))
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert head(memory_shop) == before
    order_id = first.json()["order_id"]
    memory_shop.post(f"/v1/orders/{order_id}/confirm", headers=key("k2"))
    made = [
        memory_shop.post(f"/v1/orders/{order_id}/shipments", {"location": "LON"}, headers=key("k3"))
        for _ in range(2)
    ]
    assert [response.status_code for response in made] == [201, 201]
    assert made[0].json() == made[1].json()


def test_a_refusal_is_replayed_too(memory_shop: Api) -> None:
    first = memory_shop.post("/v1/orders", order(101), headers=key("k"))
    problem_of(first, 409, "insufficient_stock")
    memory_shop.post("/v1/stock/receipts", {"sku": "A", "location": "LON", "quantity": 50})
    again = memory_shop.post("/v1/orders", order(101), headers=key("k"))
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


def test_another_request_under_the_same_key(memory_shop: Api) -> None:
    assert memory_shop.post("/v1/orders", order(1), headers=key("k")).status_code == 201
    for path, body in (
        ("/v1/orders", order(2)),
        ("/v1/orders:batch", {"orders": [order(1)]}),
        ("/v1/stock/receipts", {"sku": "A", "location": "LON", "quantity": 1}),
    ):
        before = head(memory_shop)
        problem_of(memory_shop.post(path, body, headers=key("k")), 422, "idempotency_key_reused")
        assert head(memory_shop) == before


def test_the_same_key_at_the_same_time(shop: Api) -> None:
    request = ("POST", "/v1/orders", order(1), key("k"))
    responses = shop.all_at_once(*[request] * 20)
    assert len({response.json()["order_id"] for response in responses}) == 1
    assert sum("idempotent-replayed" in response.headers for response in responses) == 19
    assert shop.get(f"/v1/stock/A?min_position={head(shop)}").json()["allocated"] == 1


def test_concurrent_orders_take_what_there_is(memory_shop: Api) -> None:
    requests: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", "/v1/orders", order(1, sku="B/1"), {}) for _ in range(150)
    ]
    statuses = [response.status_code for response in memory_shop.all_at_once(*requests)]
    assert (statuses.count(201), statuses.count(409)) == (100, 50)


def test_a_dry_run_writes_nothing(memory_shop: Api) -> None:
    before = head(memory_shop)
    dry = memory_shop.post("/v1/orders?dry_run=true", order(2), headers=key("k"))
    assert dry.status_code == 200
    body = dry.json()
    assert body["position"] == before
    assert [event["position"] for event in body["events"]] == list(
        range(before + 1, before + 1 + len(body["events"]))
    )
    (placed,) = [event for event in body["events"] if event["type"] == "order.placed.v1"]
    assert placed["data"]["terms"]["lines"][0]["sku"] == "A"
    assert head(memory_shop) == before
    problem_of(memory_shop.post("/v1/orders?dry_run=true", order(101)), 409, "insufficient_stock")
    real = memory_shop.post("/v1/orders", order(2), headers=key("k"))
    assert (real.status_code, "idempotent-replayed" in real.headers) == (201, False)


def test_unknown_and_repeated_query_parameters_of_commands_are_refused(memory_shop: Api) -> None:
    before = head(memory_shop)
    for query in ("dry_run=maybe", "dryrun=true", "dry_run=true&dry_run=true"):
        problem_of(memory_shop.post(f"/v1/orders?{query}", order()), 422, "invalid_fields")
    assert head(memory_shop) == before


def test_all_of_one_request_have_a_correlation(memory_shop: Api) -> None:
    headers = {"X-Correlation-Id": "from outside"}
    placed = memory_shop.post("/v1/orders", order(), headers=headers)
    assert placed.headers["x-correlation-id"] == "from outside"
    batch = memory_shop.post("/v1/orders:batch", {"orders": [order(), order()]})
    events = memory_shop.get("/v1/events?types=order.placed.v1").json()["items"]
    correlations = [event["correlation_id"] for event in events]
    assert correlations == ["from outside", *[batch.headers["x-correlation-id"]] * 2]
    assert len({event["command_id"] for event in events}) == 3
