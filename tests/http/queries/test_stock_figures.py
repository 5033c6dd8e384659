"""Figures of stock: what it was worth on a day, and the formulas of docs/analytics.md."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Api
from tests.http.examples import order


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def valued(shop: Api) -> Api:
    """Ten of V at 1.00 and ten at 2.00 on the 1st of June; six left on the 11th, one was broken on
    the 21st. Four of W at 5.00 EUR on the 1st of January, and none left."""
    for day, cost in (("01", "1.00"), ("01", "2.00")):
        receipt = {"sku": "V", "location": "LON", "quantity": 10, "unit_cost": cost}
        at = f"2026-06-{day}T09:00:00Z"
        body = {**receipt, "currency": "GBP", "occurred_at": at}
        done(shop.post("/v1/stock/receipts", body))
    receipt = {"sku": "W", "location": "LON", "quantity": 4, "unit_cost": "5.00"}
    body = {**receipt, "currency": "EUR", "occurred_at": "2026-01-01T09:00:00Z"}
    done(shop.post("/v1/stock/receipts", body))
    at = "2026-06-11T09:00:00Z"
    placed = done(shop.post("/v1/orders", order(6, "V", confirm=True, placed_at=at)))
    path = f"/v1/orders/{placed['order_id']}/shipments"
    made = done(shop.post(path, {"location": "LON", "occurred_at": at}))
    done(shop.post(f"/v1/shipments/{made['shipment_id']}/dispatch", {"occurred_at": at}))
    broken = {"sku": "V", "location": "LON", "change": -1, "reason": "damage"}
    at = "2026-06-21T09:00:00Z"
    done(shop.post("/v1/stock/adjustments", {**broken, "occurred_at": at}))
    return shop


def test_what_stock_was_worth_on_any_day(valued: Api) -> None:
    def value(day: str, **params: Any) -> list[tuple[object, ...]]:
        body = done(valued.get("/v1/analytics/stock/values", params={"day": day, **params}))
        assert body["day"] == day
        names = ("sku", "units", "value_unit_cost", "value_fifo", "value_average")
        return [tuple(item[name] for name in names) for item in body["items"]]

    assert value("2025-12-31") == []
    assert value("2026-05-31") == [("W", 4, "20.00", "20.00", "20.00")]
    assert value("2026-06-10", sku="V") == [("V", 20, "40.00", "30.00", "30.00")]
    assert value("2026-06-11", sku="V") == [("V", 14, "28.00", "24.00", "21.00")]
    assert value("2026-06-30", sku="V") == [("V", 13, "26.00", "23.00", "19.50")]
    first = done(valued.get("/v1/analytics/stock/values?day=2026-06-30&limit=1"))
    assert [item["sku"] for item in first["items"]] == ["V"]
    params = {"day": "2026-06-30", "limit": 1, "cursor": first["next_cursor"]}
    second = done(valued.get("/v1/analytics/stock/values", params=params))
    assert [item["sku"] for item in second["items"]] == ["W"]
    assert [(t["currency"], t["units"], t["value_average"]) for t in second["totals"]] == [
        ("EUR", 4, "20.00"),
        ("GBP", 13, "19.50"),
    ]


def test_the_formulas(valued: Api) -> None:
    period = {"from": "2026-06-02", "to": "2026-07-01"}
    body = done(valued.get("/v1/analytics/stock", params=period))
    euros, pounds = body["rows"]
    assert (euros["group"], euros["end_units"], euros["turnover"]) == ("EUR", 4, 0.0)
    assert euros["days_of_supply"] is None
    assert euros["ageing"]["to_365_days"] == 4
    assert (pounds["start_units"], pounds["end_units"], pounds["sold"], pounds["lost"]) == (
        20,
        13,
        6,
        1,
    )
    assert (pounds["start_value"], pounds["end_value"], pounds["lost_value"]) == (
        "30.00",
        "19.50",
        "1.50",
    )
    assert (pounds["cost_of_goods_sold"], pounds["cost_of_goods_sold_fifo"]) == ("9.00", "6.00")
    mean = (30.00 + 19.50) / 2
    assert pounds["turnover"] == round(9.00 / mean, 4)
    assert pounds["days_of_supply"] == round(13 / (6 / 30), 4)
    assert pounds["days_inventory_outstanding"] == round(mean / 9.00 * 30, 4)
    assert pounds["sell_through"] == round(6 / 20, 4)
    assert pounds["shrinkage"] == round(1.50 / mean, 4)
    assert pounds["ageing"]["to_30_days"] == 13  # the last sale is 20 days ago
    by_sku = {**period, "group_by": "sku", "limit": 1}
    first = done(valued.get("/v1/analytics/stock", params=by_sku))
    assert [row["group"] for row in first["rows"]] == ["V"]
    second = done(
        valued.get("/v1/analytics/stock", params={**by_sku, "cursor": first["next_cursor"]})
    )
    assert [row["group"] for row in second["rows"]] == ["W"]
    wrong = valued.get("/v1/analytics/stock", params={"from": "2026-07-02", "to": "2026-07-01"})
    assert wrong.status_code == 422


def test_sensitive_products_are_left_out_of_every_day(valued: Api) -> None:
    """P was sensitive before its cost was known; V becomes so after all that happened to it."""
    done(valued.put("/v1/products/P", {"title": "P", "sensitive": True}))
    receipt = {"sku": "P", "location": "LON", "quantity": 3, "unit_cost": "7.00"}
    body = {**receipt, "currency": "GBP", "occurred_at": "2026-06-01T09:00:00Z"}
    done(valued.post("/v1/stock/receipts", body))
    done(valued.put("/v1/products/V", {"title": "V", "sensitive": True}))

    def shown(with_sensitive: bool) -> tuple[object, ...]:
        params: dict[str, Any] = {"with_sensitive": with_sensitive}
        values = done(
            valued.get("/v1/analytics/stock/values", params={**params, "day": "2026-06-30"})
        )
        period = {**params, "from": "2026-06-02", "to": "2026-06-30", "group_by": "sku"}
        figures = done(valued.get("/v1/analytics/stock", params=period))
        return (
            [item["sku"] for item in values["items"]],
            [(total["currency"], total["skus"]) for total in values["totals"]],
            [row["group"] for row in figures["rows"]],
        )

    assert shown(True) == (["P", "V", "W"], [("EUR", 1), ("GBP", 2)], ["P", "V", "W"])
    assert shown(False) == (["W"], [("EUR", 1)], ["W"])


def test_the_accuracy_of_counts(valued: Api) -> None:
    count = done(valued.post("/v1/counts", {"location": "LON", "skus": ["V", "W"]}))
    path = f"/v1/counts/{count['count_id']}"
    lines = [{"sku": "V", "counted": 12}, {"sku": "W", "counted": 4}]
    done(valued.post(f"{path}/record", {"lines": lines}))
    done(valued.post(f"{path}/approve", {"occurred_at": "2026-06-25T09:00:00Z"}))
    period = {"from": "2026-06-25", "to": "2026-06-25"}
    counts = done(valued.get("/v1/analytics/stock", params=period))["counts"]
    assert counts == {
        "counts": 1,
        "skus": 2,
        "exact": 1,
        "accuracy": 0.5,
        "unit_accuracy": round(1 - 1 / 16, 4),
    }
    none = done(valued.get("/v1/analytics/stock?from=2026-06-26&to=2026-06-26"))["counts"]
    assert (none["counts"], none["accuracy"], none["unit_accuracy"]) == (0, None, None)
