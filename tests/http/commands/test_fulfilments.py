"""A day in the warehouse over HTTP: the queue, picking, a short pick, packing and handing over; and
two pickers at the same moment."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order


def confirmed(api: Api, units: int = 3) -> tuple[str, str]:
    """An order of so many units at LON, and its fulfilment order."""
    lines = [{"sku": "A", "quantity": units, "unit_price": "2.00"}]
    order_id = posted(api, "/v1/orders", order(lines=lines, confirm=True), 201)["order_id"]
    return order_id, f"{order_id}@LON"


def stocked(api: Api) -> None:
    """Another location, with the same goods."""
    api.put("/v1/locations/MAN", {"name": "Manchester", "priority": 9})
    posted(api, "/v1/stock/receipts", {"sku": "A", "location": "MAN", "quantity": 50})


def listed(api: Api, position: int, **filters: object) -> list[dict[str, Any]]:
    answer = api.get("/v1/fulfilments", params={"min_position": position, **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_from_the_queue_to_the_carrier(shop: Api) -> None:
    stocked(shop)
    order_id, work = confirmed(shop)
    path = f"/v1/fulfilments/{work}"
    accepted = posted(shop, f"{path}/accept", {})
    after = accepted["position"]
    (item,) = listed(shop, after, location="LON", status="accepted")
    assert {name: item[name] for name in ("fulfilment_id", "units", "late")} == {
        "fulfilment_id": work,
        "units": 3,
        "late": item["late"],
    }
    picks = shop.get("/v1/picklists", params={"location": "LON", "min_position": after}).json()
    (sku,) = picks["items"]
    assert (sku["sku"], sku["quantity"]) == ("A", 3)
    assert [pick["fulfilment_id"] for pick in sku["picks"]] == [work]

    short = posted(shop, f"{path}/pick", {"lines": [{"line_id": "1", "quantity": 2}]})
    assert (short["status"], short["units"]) == ("picked", 2)
    there = shop.get(f"/v1/fulfilments/{order_id}@MAN", params={"min_position": short["position"]})
    assert (there.json()["status"], there.json()["units"]) == ("open", 1)

    parcel = {"lines": [{"line_id": "1", "quantity": 2}], "weight_g": 900}
    packed = posted(shop, f"{path}/pack", {"packages": [parcel]}, 201)
    sent = posted(shop, f"/v1/shipments/{packed['shipment_id']}/dispatch", {})
    whole = posted(shop, f"/v1/orders/{order_id}/shipments", {"location": "MAN"}, 201)
    last = posted(shop, f"/v1/shipments/{whole['shipment_id']}/dispatch", {})["position"]
    assert sent["status"] == "dispatched"
    done = listed(shop, last, q=item["order_number"])
    assert [(each["location"], each["status"]) for each in done] == [
        ("LON", "shipped"),
        ("MAN", "shipped"),
    ]
    shipment = shop.get(f"/v1/shipments/{packed['shipment_id']}", params={"min_position": last})
    assert shipment.json()["fulfilment_id"] == work
    assert shipment.json()["packages"][0]["lines"] == [{"line_id": "1", "quantity": 2}]
    figures = shop.get(
        "/v1/analytics/fulfilment", params={"group_by": "location", "min_position": last}
    ).json()["rows"]
    (row,) = [each for each in figures if each["group"] == "LON"]
    assert (row["units_picked"], row["units_short"], row["short_rate"]) == (2, 1, 0.3333)
    shown = shop.get(f"/v1/orders/{order_id}", params={"min_position": last}).json()
    assert shown["status"]["fulfilment"] == "shipped"


def test_the_queue_is_read_page_by_page_and_filtered(shop: Api) -> None:
    stocked(shop)
    works = [confirmed(shop, 1) for _ in range(5)]
    held = posted(shop, f"/v1/fulfilments/{works[0][1]}/hold", {"reason": "damaged"})
    split = confirmed(shop, 4)
    lines = {"lines": [{"line_id": "1", "quantity": 1}]}
    after = posted(shop, f"/v1/fulfilments/{split[1]}/split", lines)["position"]
    everything = {*(work for _, work in works), split[1], f"{split[1]}~2"}
    for filters in ({}, {"due_before": "2200-01-01"}, {"channel": "web", "location": "LON,MAN"}):
        pages: list[str] = []
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = shop.get(
                "/v1/fulfilments", params={"limit": 2, "min_position": after, **filters, **more}
            ).json()
            pages += [each["fulfilment_id"] for each in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert sorted(pages) == sorted(everything), filters
    assert [each["hold"] for each in listed(shop, after, status="on_hold")] == ["damaged"]
    assert held["status"] == "on_hold"
    assert len(listed(shop, after, status="open,on_hold")) == 7
    assert listed(shop, after, location="MAN") == []
    assert listed(shop, after, due_before="2000-01-01") == []
    wrong = shop.get("/v1/fulfilments", params={"cursor": "nonsense"})
    assert wrong.status_code == 422


def test_of_two_pickers_at_the_same_moment_one_picks(shop: Api) -> None:
    _, work = confirmed(shop)
    path = f"/v1/fulfilments/{work}/pick"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shop.post(path, {}), range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    events = shop.get("/v1/events", params={"types": "fulfilment.picked.v1"}).json()["items"]
    assert [event["data"]["lines"][0]["quantity"] for event in events] == [3]
    with ThreadPoolExecutor(8) as threads:
        pack = f"/v1/fulfilments/{work}/pack"
        packed = list(threads.map(lambda _: shop.post(pack, {}), range(8)))
    assert Counter(answer.status_code for answer in packed) == {201: 1, 409: 7}


def test_the_buyer_takes_the_goods_at_the_store(shop: Api) -> None:
    order_id, work = confirmed(shop)
    ready = posted(shop, f"/v1/fulfilments/{work}/ready_for_pickup", {})
    assert ready["status"] == "ready_for_pickup"
    taken = posted(shop, f"/v1/fulfilments/{work}/picked_up", {})
    assert taken["status"] == "picked_up"
    shown = shop.get(f"/v1/orders/{order_id}", params={"min_position": taken["position"]}).json()
    assert (shown["status"]["order"], shown["status"]["fulfilment"]) == ("completed", "delivered")


def test_an_unknown_one_is_not_there(shop: Api) -> None:
    for wrong in ("x", "x@LON", "x@LON~2"):
        assert shop.get(f"/v1/fulfilments/{wrong}").status_code == 404
        assert shop.post(f"/v1/fulfilments/{wrong}/accept", {}).status_code == 404
