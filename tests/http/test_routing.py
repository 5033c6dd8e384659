"""Routing over HTTP: rules, decisions, simulations."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from oms_ledger.http import routing
from tests.http.conftest import Api
from tests.http.examples import order

SIMULATE = "/v1/routing:simulate"
LEEDS = {"postal_code": "LS1 4AP", "country": "GB"}


@pytest.fixture
def places(shop: Api) -> Api:
    """LON is used first; MAN is near Leeds, and has ten units of the shop's product too."""
    places = {"LON": (1, 51.5, -0.1, 5), "MAN": (2, 53.5, -2.2, 4)}
    for code, (priority, latitude, longitude, capacity) in places.items():
        body = {"name": code, "priority": priority, "daily_capacity": capacity}
        coordinates = {"latitude": latitude, "longitude": longitude}
        assert shop.put(f"/v1/locations/{code}", {**body, **coordinates}).status_code == 200
    stock = {"sku": "85123A", "location": "MAN", "quantity": 10}
    assert shop.post("/v1/stock/receipts", stock).status_code == 200
    areas = [{"prefix": "LS", "latitude": 53.8, "longitude": -1.55}]
    assert shop.put("/v1/postal-areas/GB", {"areas": areas}).status_code == 200
    return shop


def rules(api: Api, *kinds: str, channel: str = "web") -> dict[str, Any]:
    listed = [{"type": kind} for kind in kinds]
    answer: dict[str, Any] = api.put(f"/v1/routing/{channel}", {"rules": listed}).json()
    return answer


def placed(api: Api, quantity: int = 1, **fields: Any) -> dict[str, Any]:
    body = {**order(quantity, "85123A"), "shipping_address": LEEDS, **fields}
    answer = api.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def location_of(made: dict[str, Any]) -> str:
    (allocation,) = made["lines"][0]["allocations"]
    return str(allocation["location"])


def test_an_order_goes_to_the_nearest_place_and_the_decision_can_be_read(places: Api) -> None:
    assert location_of(placed(places)) == "LON"
    rules(places, "nearest")
    assert places.get("/v1/routing/WEB").json()["rules"][0]["type"] == "nearest"
    made = placed(places)
    assert location_of(made) == "MAN"
    (decision,) = places.get(f"/v1/orders/{made['order_id']}/routing").json()["items"]
    assert decision["decided_by"] == "nearest"
    assert decision["destination"]["postal_area"] == "LS1"
    assert decision["ranking"][0]["reason"] == "sends 1 units (nearest: 54.3 km)"
    assert "LS1 4AP" not in str(decision)


def test_the_ranking_for_an_order_is_explained(places: Api) -> None:
    places.put("/v1/locations/OLD", {"name": "Old", "closed": True})
    body = {
        "rules": [{"type": "fewest_splits"}, {"type": "nearest"}],
        "order": {**order(2, "85123A"), "shipping_address": LEEDS},
    }
    head = places.get("/v1/events").headers["ledger-position"]
    answer = places.post(SIMULATE, body)
    assert answer.status_code == 200, answer.text
    ranking = answer.json()["ranking"]
    assert [each["location"] for each in ranking["ranking"]] == ["MAN", "LON"]
    assert (ranking["decided_by"], ranking["order_id"]) == ("fewest_splits", None)
    assert ranking["others"] == {"OLD": "it is closed"}
    assert places.get("/v1/events").headers["ledger-position"] == head, "nothing is written"
    made = placed(places)
    again = places.post(SIMULATE, {"order_id": made["order_id"], "rules": body["rules"]}).json()
    assert again["ranking"]["order_id"] == made["order_id"]


def test_rules_are_tried_on_past_orders(places: Api) -> None:
    for _ in range(3):
        placed(places)
    body = {"rules": [{"type": "nearest"}], "channel": "web"}
    rules(places, "nearest")  # so that the next order has a postal area
    placed(places)
    tested = places.post(SIMULATE, body).json()["backtest"]
    assert tested["done"]["orders"] == tested["by_rules"]["rules"]["orders"] == 4
    assert tested["done"]["locations"] == [
        {"location": "LON", "parcels": 3, "units": 3},
        {"location": "MAN", "parcels": 1, "units": 1},
    ]


def test_a_long_back_test_is_left_to_the_command_line(
    places: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(places)
    monkeypatch.setattr(routing, "BACKTEST_SECONDS", -1.0)
    answer = places.post(SIMULATE, {"rules": [{"type": "nearest"}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "backtest_too_long")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"rules": []}, 200),
        ({"rules": [{"type": "moon"}]}, 422),
        ({"order_id": "none"}, 404),
        ({"order_id": "x", "channel": "web"}, 422),
        ({"order_id": "x", "order": {**order(1, "85123A")}}, 422),
        ({"rules": [{"type": "plugin", "plugin": "none"}]}, 409),
        ({"order": {**order(1, "NEVER")}}, 409),
        ({"surprise": 1}, 422),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    places: Api, body: dict[str, Any], status: int
) -> None:
    assert places.post(SIMULATE, body).status_code == status


def test_many_at_once_never_exceed_the_capacity_while_there_is_another_place(places: Api) -> None:
    """Nine buyers at the same moment, five units of capacity here and four there."""
    rules(places, "capacity", "priority")
    made: list[str] = []

    def buy(number: int) -> None:
        made.append(location_of(placed(places, external_id=f"at-once-{number}")))

    buyers = [threading.Thread(target=buy, args=(number,)) for number in range(9)]
    for each in buyers:
        each.start()
    for each in buyers:
        each.join()
    assert sorted(made) == ["LON"] * 5 + ["MAN"] * 4
    assert location_of(placed(places)) == "LON", "beyond all capacity priority decides"
