"""Queries: how fresh, how long to wait, page by page, as of when."""

from __future__ import annotations

import threading
from typing import Any

from oms_ledger.app import Oms
from tests.http.commands.test_idempotency import head
from tests.http.conftest import Api, projecting
from tests.http.examples import STOCKED, order
from tests.http.test_errors import fields, problem_of

Request = tuple[str, str, Any, dict[str, str]]


def test_read_your_writes(oms: Oms, api: Api) -> None:
    """Nobody folds at first: the read model is behind, says so, and then is not."""
    for method, path, body in STOCKED:
        api.send(method, path, json=body)
    position = head(api)
    behind = api.get(f"/v1/stock?min_position={position}&wait_ms=0")
    problem_of(behind, 503, "read_model_behind")
    assert int(behind.headers["retry-after"]) >= 1
    assert api.get("/v1/stock").json()["items"] == []
    answers: list[Any] = []

    def wait() -> None:
        answers.append(api.get(f"/v1/stock?min_position={position}&wait_ms=10000"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with projecting(oms):
        waiting.join()
    (response,) = answers
    assert response.status_code == 200
    assert int(response.headers["ledger-position"]) >= position
    assert len(response.json()["items"]) == 6


def test_waiting_requests_do_not_block_others(api: Api) -> None:
    """Many more wait than there are connections; who does not wait is answered meanwhile."""
    api.put("/v1/locations/LON", {"name": "London"})
    waiting: list[Request] = [("GET", "/v1/orders?min_position=1&wait_ms=3000", None, {})] * 60
    immediate: list[Request] = [("GET", "/v1/orders", None, {})] * 20
    done: list[str] = []

    def remember(name: str, *requests: Request) -> list[int]:
        responses = api.all_at_once(*requests)
        done.append(name)
        return [response.status_code for response in responses]

    crowd = threading.Thread(target=remember, args=("waiting", *waiting))
    crowd.start()
    assert remember("immediate", *immediate) == [200] * 20
    crowd.join()
    assert done == ["immediate", "waiting"]


def test_the_log_itself_can_be_waited_for(shop: Api) -> None:
    for path in ("/v1/events", "/v1/orders/o/timeline"):
        response = shop.get(f"{path}?min_position={head(shop) + 1}&wait_ms=10")
        problem_of(response, 503, "read_model_behind")


WRONG = [
    ("/v1/orders?colour=red", "colour"),
    ("/v1/orders?status=lost", "status"),
    ("/v1/orders?limit=501", "limit"),
    ("/v1/orders?limit=0", "limit"),
    ("/v1/orders?limit=many", "limit"),
    ("/v1/orders?limit=1&limit=2", "limit"),
    ("/v1/orders?placed_from=soon", "placed_from"),
    ("/v1/orders?cursor=xyz", "cursor"),
    ("/v1/orders?min_position=-1", "min_position"),
    ("/v1/orders?min_position=99999999999999999999", "min_position"),
    ("/v1/orders?wait_ms=10001", "wait_ms"),
    ("/v1/orders?q=%00", "q"),
    ("/v1/orders/o?as_of=someday", "as_of"),
    (f"/v1/orders/o?as_of={'9' * 5000}", "as_of"),
    ("/v1/events?types=order.lost.v1", "types"),
    ("/v1/events?limit=501", "limit"),
    ("/v1/events?limit=0", "limit"),
    ("/v1/events?colour=red", "colour"),
    ("/v1/events/stream?colour=red", "colour"),
    ("/v1/projections?colour=red", "colour"),
    ("/v1/tracking/t/stream?colour=red", "colour"),
]


def test_parameters_are_checked(memory_api: Api) -> None:
    for path, field in WRONG:
        assert fields(problem_of(memory_api.get(path), 422, "invalid_fields")) == [field], path


def test_cursors_are_stable_under_inserts(shop: Api) -> None:
    """Orders placed between two pages neither push one off its page nor show one twice."""
    placed = []
    for day in range(1, 6):
        body = order(placed_at=f"2026-01-0{day}T00:00:00Z")
        placed.append(shop.post("/v1/orders", body).json()["order_id"])
    listed: list[str] = []
    path = f"/v1/orders?limit=2&min_position={head(shop)}"
    while True:
        page = shop.get(path).json()
        listed += [item["order_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        shop.post("/v1/orders", order(placed_at="2026-02-01T00:00:00Z"))
        path = f"/v1/orders?limit=2&cursor={page['next_cursor']}&min_position={head(shop)}"
    assert listed == placed[::-1]


def test_as_of_reads_the_past(shop: Api) -> None:
    placed = shop.post("/v1/orders", order()).json()
    path = f"/v1/orders/{placed['order_id']}"
    shop.post(f"{path}/confirm")
    then = shop.get(f"{path}?as_of={placed['position']}").json()
    assert then["status"]["order"] == "pending"
    now = shop.get(f"{path}?as_of=2100-01-01T00:00:00Z").json()
    assert now["status"]["order"] == "confirmed"
    problem_of(shop.get(f"{path}?as_of=2000-01-01"), 404, "not_found")


def test_the_stock_of_a_sku_is_the_sum_of_its_locations(shop: Api) -> None:
    shop.put("/v1/products/A", {"title": "A", "safety_stock": 2})
    shop.post("/v1/stock/receipts", {"sku": "A", "location": "MAN", "quantity": 3})
    position = head(shop)
    for when in ({"min_position": position, "wait_ms": 10_000}, {"as_of": position}):
        stock = shop.get("/v1/stock/A", params=when).json()
        for name in ("on_hand", "available", "safety_stock"):
            assert stock[name] == sum(each[name] for each in stock["locations"])
        assert (len(stock["locations"]), stock["safety_stock"]) == (2, 4)


def test_a_slash_in_a_name(shop: Api) -> None:
    path = "/v1/stock/B%2F1"
    assert shop.get(f"{path}?min_position={head(shop)}").json()["sku"] == "B/1"
    assert shop.put("/v1/products/C%2F2%20%C3%BC", {"title": "C"}).json()["sku"] == "C/2 ü"
    assert shop.get(f"/v1/products/C%2F2%20ü?min_position={head(shop)}").status_code == 200


def test_head_is_get_without_a_body(shop: Api) -> None:
    response = shop.send("HEAD", "/v1/orders")
    assert (response.status_code, "ledger-position" in response.headers) == (200, True)
