"""Requests to a served shop."""

from __future__ import annotations

from typing import Any

import httpx

Json = dict[str, Any]


def order(*lines: tuple[str, int], **fields: Any) -> Json:
    order_lines = [{"sku": sku, "quantity": n, "unit_price": "2.55"} for sku, n in lines]
    return {"channel": "web", "currency": "GBP", "lines": order_lines, **fields}


def location(client: httpx.Client, code: str, priority: int = 1) -> None:
    body = {"name": code, "priority": priority}
    assert client.put(f"/v1/locations/{code}", json=body).status_code == 200


def receive(client: httpx.Client, *stock: tuple[str, str, int]) -> None:
    items = [{"sku": sku, "location": place, "quantity": n} for sku, place, n in stock]
    answer = client.post("/v1/stock/receipts", json={"items": items})
    assert answer.status_code == 200, answer.text
    assert {item["status"] for item in answer.json()["results"]} == {200}


def place(client: httpx.Client, *lines: tuple[str, int], **fields: Any) -> Json:
    answer = client.post("/v1/orders", json=order(*lines, **fields))
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body
