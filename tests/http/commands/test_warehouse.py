"""Deliveries, transfers, counts and lots over HTTP: lists and their filters, and many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oms_ledger.app import Oms
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.state import StockLevel
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of

DUE = "2027-02-01T00:00:00Z"


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def delivery(shop: Api, *skus: str, location: str = "LON", due: str = DUE, **more: Any) -> str:
    lines = [{"sku": sku, "quantity": 10} for sku in skus]
    body = {"location": location, "expected_at": due, "lines": lines, **more}
    return str(done(shop.post("/v1/inbound", body))["inbound_id"])


def items(shop: Api, path: str, **params: Any) -> list[dict[str, Any]]:
    """All items, one on each page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = done(shop.get(path, params={**params, "limit": 1, **cursor}))
        found += answer["items"]
        if answer["next_cursor"] is None:
            return found
        cursor = {"cursor": answer["next_cursor"]}


def test_deliveries_and_what_is_expected_are_listed(shop: Api) -> None:
    first = delivery(shop, "A", "B/1", supplier="Lamps Ltd")
    second = delivery(shop, "A", location="MAN", due="2027-01-01T00:00:00Z")
    transfer = {"from_location": "LON", "to_location": "MAN"}
    moved = done(shop.post("/v1/transfers", {**transfer, "lines": [{"sku": "A", "quantity": 3}]}))
    done(shop.post(f"/v1/transfers/{moved['transfer_id']}/ship"))
    done(shop.post(f"/v1/inbound/{second}/cancel"))
    listed = [each["inbound_id"] for each in items(shop, "/v1/inbound")]
    assert listed == [second, first]
    for params, expected in (
        ({"status": "cancelled"}, [second]),
        ({"status": "expected,received"}, [first]),
        ({"location": "LON"}, [first]),
        ({"supplier": "Lamps Ltd"}, [first]),
        ({"expected_to": "2027-01-15"}, [second]),
        ({"expected_from": "2027-01-15"}, [first]),
    ):
        listed = [each["inbound_id"] for each in items(shop, "/v1/inbound", **params)]
        assert listed == expected, params
    incoming = [(e["sku"], e["location"], e["quantity"]) for e in items(shop, "/v1/incoming")]
    assert incoming == [("A", "LON", 10), ("A", "MAN", 3), ("B/1", "LON", 10)]
    assert [e["sku"] for e in items(shop, "/v1/incoming", sku="B/1")] == ["B/1"]
    assert len(items(shop, "/v1/incoming", location="LON")) == 2
    assert len(items(shop, "/v1/transfers", status="in_transit", to_location="MAN")) == 1
    assert items(shop, "/v1/transfers", from_location="MAN") == []
    stock = done(shop.get("/v1/stock/A"))
    assert stock["incoming"] == 13
    head = int(shop.get("/v1/events").headers["ledger-position"])
    past = {"as_of": str(head - 2)}
    assert done(shop.get(f"/v1/inbound/{second}", params=past))["status"] == "expected"


def test_lots_are_listed_by_status_place_and_last_day(shop: Api) -> None:
    for lot, last, location in (("L1", "2027-01-01", "LON"), ("L2", "2028-01-01", "MAN")):
        receipt = {"sku": "A", "location": location, "quantity": 5, "lot": lot}
        done(shop.post("/v1/stock/receipts", {**receipt, "expires_on": last}))
    done(shop.put("/v1/lots/A/L2", {"status": "on_hold"}))
    assert [each["lot"] for each in items(shop, "/v1/lots")] == ["L1", "L2"]
    for params, expected in (
        ({"status": "on_hold"}, ["L2"]),
        ({"location": "LON"}, ["L1"]),
        ({"expires_before": "2027-01-02"}, ["L1"]),
        ({"expires_before": "2027-01-01"}, []),
        ({"sku": "B/1"}, []),
    ):
        assert [each["lot"] for each in items(shop, "/v1/lots", **params)] == expected, params
    problem_of(shop.get("/v1/lots/A/L9"), 404, "not_found")
    problem_of(shop.get("/v1/lots/A/L9/orders"), 404, "not_found")
    assert items(shop, "/v1/lots/A/L1/orders") == []


def test_a_recall_names_who_got_units_of_the_lot(shop: Api) -> None:
    receipt = {"sku": "N", "location": "LON", "quantity": 9, "lot": "L1"}
    done(shop.post("/v1/stock/receipts", receipt))
    orders: list[str] = []
    for n in (1, 2):
        body = order(n, "N", customer={"id": f"c{n}"}, confirm=True)
        placed = done(shop.post("/v1/orders", body))
        path = f"/v1/orders/{placed['order_id']}/shipments"
        made = done(shop.post(path, {"location": "LON"}))
        done(shop.post(f"/v1/shipments/{made['shipment_id']}/dispatch"))
        orders.append(placed["order_id"])
    recalled = done(shop.put("/v1/lots/N/L1", {"status": "recalled"}))
    assert recalled["locations"][0]["sellable"] == 0
    problem_of(shop.post("/v1/orders", order(1, "N")), 409, "insufficient_stock")
    got = items(shop, "/v1/lots/N/L1/orders")
    assert [(each["order_id"], each["quantity"], each["buyer_id"]) for each in got] == [
        (orders[0], 1, "c1"),
        (orders[1], 2, "c2"),
    ]


def test_many_at_the_same_moment_share_the_units_that_there_are(oms: Oms, shop: Api) -> None:
    """Buyers, transfers, damage and a count at once: nothing is promised twice, and what was
    counted before they began is booked rightly after it."""
    before = oms.readers.log().fold(StockLevel, stock_key("A", "LON")).on_hand
    count = done(shop.post("/v1/counts", {"location": "LON", "skus": ["A"]}))
    path = f"/v1/counts/{count['count_id']}"
    lines = [{"sku": "A", "counted": before + 2}]
    done(shop.post(f"{path}/record", {"lines": lines}))

    def buy(_: int) -> int:
        return int(shop.post("/v1/orders", order(1, "A", confirm=True)).status_code)

    def move(_: int) -> int:
        body = {"from_location": "LON", "to_location": "MAN"}
        moved = shop.post("/v1/transfers", {**body, "lines": [{"sku": "A", "quantity": 2}]}).json()
        return int(shop.post(f"/v1/transfers/{moved['transfer_id']}/ship").status_code)

    def damage(_: int) -> int:
        body = {"from": "available", "to": "damaged", "quantity": 1, "reason": "wet"}
        return int(
            shop.post("/v1/stock/state", {"sku": "A", "location": "LON", **body}).status_code
        )

    with ThreadPoolExecutor(8) as pool:
        bought = list(pool.map(buy, range(120)))
        moves = pool.map(move, range(20))
        damages = pool.map(damage, range(30))
        approved = pool.submit(shop.post, f"{path}/approve")
        moved, damaged = list(moves), list(damages)
        assert approved.result().status_code == 200
    levels = {
        place: oms.readers.log().fold(StockLevel, stock_key("A", place)) for place in ("LON", "MAN")
    }
    here = levels["LON"]
    assert here.on_hand == before + 2 - 2 * moved.count(200)
    assert here.damaged == damaged.count(200)
    assert levels["MAN"].incoming == 2 * moved.count(200)
    assert sum(level.allocated for level in levels.values()) == bought.count(201)
    assert set(bought) | set(moved) | set(damaged) <= {200, 201, 409}
    assert all(level.free >= 0 for level in levels.values())
