"""Figures of locations."""

from __future__ import annotations

from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order

PERIOD = {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
PATH = "/v1/analytics/locations"


def shipped(api: Api, quantity: int, *, leaves: bool = True, sensitive: bool = False) -> None:
    body = {**order(quantity, "85123A", confirm=True), "sensitive": sensitive}
    order_id = api.post("/v1/orders", body).json()["order_id"]
    made = api.post(f"/v1/orders/{order_id}/shipments", {"location": "LON"})
    assert made.status_code == 201, made.text
    if leaves:
        path = f"/v1/shipments/{made.json()['shipment_id']}/dispatch"
        assert api.post(path).status_code == 200


def figures(api: Api, **params: str) -> list[dict[str, Any]]:
    head = api.get("/v1/events").headers["ledger-position"]
    answer = api.get(PATH, params={**PERIOD, "min_position": head, "wait_ms": "9000", **params})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_what_has_left_and_what_waits(shop: Api) -> None:
    shop.put("/v1/locations/LON", {"name": "London", "priority": 1, "daily_capacity": 10})
    shipped(shop, 2)
    shipped(shop, 1)
    shipped(shop, 3, leaves=False)
    (row,) = figures(shop)
    days = 28_855  # of the period
    assert row == {
        "location": "LON",
        "shipments": 2,
        "units": 3,
        "late_shipments": row["late_shipments"],
        "units_per_hour": round(3 / (days * 24), 4),
        "waiting_shipments": 1,
        "waiting_units": 3,
        "daily_capacity": 10,
        "capacity_use": round(3 / (10 * days), 4),
    }
    day = figures(shop, **{"from": "2020-01-01", "to": "2020-01-01"})
    assert [(each["units"], each["waiting_units"]) for each in day] == [(0, 3)]


def test_a_period_is_needed_and_rates_need_a_divisor(shop: Api) -> None:
    assert shop.get(PATH).status_code == 422
    shipped(shop, 1, leaves=False)
    (row,) = figures(shop, to="2020-01-01T00:00:00Z")
    assert (row["units_per_hour"], row["capacity_use"]) == (None, None)


def test_sensitive_orders_can_be_left_out(shop: Api) -> None:
    shipped(shop, 2)
    shipped(shop, 1, sensitive=True)
    assert [row["units"] for row in figures(shop)] == [3]
    assert [row["units"] for row in figures(shop, with_sensitive="false")] == [2]
