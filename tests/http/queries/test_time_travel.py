"""The past over HTTP: as of a position or a time, and what had happened by then."""

from __future__ import annotations

from typing import Any

from oms_projections import QUERIES
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of


def placed_and_confirmed(shop: Api) -> tuple[str, int, int]:
    """An order's id, and the positions at which it was placed and then confirmed."""
    placed = shop.post("/v1/orders", order(3)).json()
    path = f"/v1/orders/{placed['order_id']}"
    confirmed = shop.post(f"{path}/confirm").json()
    return path, placed["position"], confirmed["position"]


def test_an_order_as_of_a_position_and_a_time(shop: Api) -> None:
    path, placed, confirmed = placed_and_confirmed(shop)
    then = shop.get(f"{path}?as_of={placed}")
    assert then.headers["ledger-position"] == str(placed)
    assert then.json()["status"]["order"] == "pending"
    now = shop.get(f"{path}?as_of={confirmed}").json()
    assert now["status"]["order"] == "confirmed"
    at = then.json()["timestamps"]["updated_at"]
    assert shop.get(path, params={"as_of": at}).json() == then.json()
    before = shop.get(f"{path}?as_of=1")
    problem_of(before, 404, "not_found")
    assert "then" in before.json()["detail"]


def test_stock_as_of(shop: Api) -> None:
    _, placed, _ = placed_and_confirmed(shop)
    assert shop.get(f"/v1/stock/A?as_of={placed}").json()["allocated"] == 3
    assert shop.get("/v1/stock/A?as_of=8").json()["allocated"] == 0
    at_lon = shop.get(f"/v1/stock?sku=A&location=LON&as_of={placed}").json()["items"]
    assert [item["available"] for item in at_lon] == [57]


def test_a_moment_must_be_one(shop: Api) -> None:
    for wrong in ("yesterday", "999999", "-1"):
        body: Any = problem_of(shop.get(f"/v1/stock/A?as_of={wrong}"), 422, "invalid_fields")
        assert body["errors"][0]["field"] == "as_of"
    problem_of(shop.get("/v1/stock/A?as_of=8&min_position=9"), 422, "invalid_fields")
    body = problem_of(shop.get("/v1/stock/A?happened_by=8"), 422, "invalid_fields")
    assert body["errors"][0]["field"] == "happened_by"


def test_queries_without_as_of_answer_400_and_name_an_alternative(shop: Api) -> None:
    for path in (
        "/v1/orders?",
        "/v1/stock?location=LON&",
        "/v1/products?q=A&",
        "/v1/shipments?status=created&",
        "/v1/tracking/x?",
        "/v1/analytics/shipping?",
    ):
        response = shop.get(f"{path}as_of=1")
        assert problem_of(response, 400, "as_of_not_supported")["detail"]


def test_openapi_offers_as_of_where_it_is_answered(memory_shop: Api) -> None:
    paths = memory_shop.get("/openapi.json").json()["paths"]
    for query in QUERIES:
        operation = paths[query.path]["get"]
        offered = "as_of" in {parameter["name"] for parameter in operation["parameters"]}
        assert offered == (not isinstance(query.as_of, str)), query.name
        assert offered or "`as_of`" in operation["description"], query.name


def test_event_time_differs_from_recorded_time(shop: Api) -> None:
    """Two units broke at noon, and that was recorded later. The stock at noon is two too high by
    the events recorded then, and right by those recorded now."""
    events = shop.get("/v1/events")
    before, noon = events.headers["ledger-position"], events.json()["items"][-1]["recorded_at"]
    broken = {"sku": "A", "location": "LON", "change": -2, "reason": "broken", "occurred_at": noon}
    noticed = shop.post("/v1/stock/adjustments", broken).json()["position"]

    def at_noon(**when: Any) -> int:
        units: int = shop.get("/v1/stock/A", params={"happened_by": noon, **when}).json()["on_hand"]
        return units

    assert at_noon(as_of=before) == 100
    assert at_noon(as_of=noticed) == at_noon(min_position=noticed) == 98
