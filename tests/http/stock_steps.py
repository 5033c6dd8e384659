"""Steps of the test of all routes that are about stock, and about orders that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms_commands import COMMANDS
from tests.http.example_client import ExampleClient, fits
from tests.http.examples import order


def reserve(client: ExampleClient) -> None:
    """A reservation that is extended and used, one that is released, and one that has expired."""
    reservation_id = client.do("CreateReservation")["reservation_id"]
    after = client.do("ExtendReservation", reservation_id=reservation_id)["position"]
    shown = client.see("get_reservation", after, reservation_id=reservation_id)
    assert (shown["status"], shown["held"][0]["quantity"]) == ("active", 2)
    assert client.see("list_reservations", after)["items"][0]["reservation_id"] == reservation_id
    other = client.do("CreateReservation")["reservation_id"]
    assert client.do("ReleaseReservation", reservation_id=other)["status"] == "released"
    assert client.do("ExpireReservation", reservation_id=other)["status"] == "released"
    body = {**order(1, "85123A"), "channel": "web", "reservation_id": reservation_id}
    placed = client.do("PlaceOrder", body=body)
    client.do("CancelOrder", body={"reason": "customer"}, order_id=placed["order_id"])


def queue(client: ExampleClient) -> None:
    """An order that is queued, and placed by a person."""
    received = client.api.post("/v1/orders", order(1, "85123A", intake="queued"))
    assert received.status_code == 202, received.text
    answer = {name: value for name, value in received.json().items() if name != "position"}
    fits(COMMANDS["PlaceOrder"].answer_type, answer)
    placed = client.do("PlaceReceivedOrder", order_id=received.json()["order_id"])
    assert placed["status"]["order"] == "pending"
    client.do("CancelOrder", body={"reason": "customer"}, order_id=placed["order_id"])


def backorder(client: ExampleClient) -> int:
    placed = client.do("PlaceOrder", body=order(1000, "85123A", backorder="allow"))
    assert placed["lines"][0]["backordered"] > 0
    promise = client.see("promise_of_stock", placed["position"], sku="85123A")
    assert promise["available_now"] == 0
    waits = client.see("list_backorders", placed["position"])["items"][0]
    assert (waits["order_id"], waits["sku"]) == (placed["order_id"], "85123A")
    client.do("ReceiveStock")
    allocated: Mapping[str, Any] = client.do("AllocateBackorders", order_id=placed["order_id"])
    position: int = allocated["position"]
    return position


def watch(client: ExampleClient) -> None:
    """An alert of stock that is low, and one that is not checked in vain."""
    client.do("PutStockAlert", sku="85123A")
    body = {"threshold": 1_000_000}
    (alert,) = client.do("PutStockAlert", body=body, sku="85123A")["alerts"][:1]
    assert (alert["threshold"], alert["low"]) == (1_000_000, True)
    after = client.do("CheckStockAlerts", sku="85123A")["position"]
    rows = client.see("list_stock_alerts", after)["items"]
    assert [(row["location"], row["threshold"]) for row in rows] == [(None, 1_000_000), ("LON", 10)]
    assert client.see("list_stock", after, query={"low": "true"})["items"]


def sell_early(client: ExampleClient) -> None:
    """Safety stock at a location; a preorder that is sold, promised for another time, and ended."""
    kept = client.do("PutSafetyStock", sku="85123A", code="MAN")
    assert kept["safety_stock_at"] == [{"location": "MAN", "quantity": 3}]
    client.do("PutProduct", body={"title": "Coming soon"}, sku="SOON")
    client.do("PutPreorder", sku="SOON")
    placed = client.do("PlaceOrder", body=order(2, "SOON"))
    assert placed["lines"][0]["preorder"]["quantity"] == 2
    later = {"available_at": "2099-04-01T00:00:00Z", "cap": 50}
    assert client.do("PutPreorder", body=later, sku="SOON")["preordered"] == 2
    moved = client.do("ReschedulePreorders", order_id=placed["order_id"])
    assert moved["lines"][0]["preorder"]["available_at"] == later["available_at"]
    (row,) = client.see("list_preorders", moved["position"])["items"]
    assert (row["sku"], row["left"]) == ("SOON", 48)
    assert client.do("EndPreorder", sku="SOON")["cap"] is None
