"""The content of sensitive orders is disclosed to readers with the right, and logged; no route
discloses it to others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from oms_ledger.access.roles import ADMIN
from oms_ledger.app import Oms
from oms_ledger.cli.lookup import run_query
from oms_ledger.domain.orders.answers import LineAnswer
from oms_ledger.domain.text_kinds import TextKind
from oms_ledger.http import disclosure
from oms_ledger.privacy.sensitivity import index
from oms_ledger.privacy.sensitivity.plans import plan_of
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.streams.test_feed import serving, streaming
from tests.http.test_access import served
from tests.http.test_errors import problem_of
from tests.privacy.people import ADA
from tests.privacy.sensitivity.conftest import ALL_BUT
from tests.privacy.sensitivity.pharmacy import PLAIN, PLANTED, SECRET, Pharmacy
from tests.privacy.sensitivity.routes import STREAMS, leaking, requests
from tests.tiers import others_long


def test_no_route_shows_it_without_the_right(oms: Oms, desk: Api, pharmacy: Pharmacy) -> None:
    """And each route really answered."""
    statuses_by_route = leaking(desk, oms, pharmacy)
    assert [route for route, statuses in statuses_by_route.items() if 0 in statuses] == []
    routes = {path for method, path, _ in served(oms) if method == "GET"}
    assert statuses_by_route.keys() == routes - set(STREAMS)
    for_administrators = {path for _, path, scope in served(oms) if scope == ADMIN}
    refused = {route for route, statuses in statuses_by_route.items() if 200 not in statuses}
    assert refused - for_administrators == {
        "/tile/entries/{index}",  # events as they are stored: all or none
        "/v1/audit/verify",  # nothing was verified
    }


@pytest.mark.parametrize("reader", others_long(["desk", "pharmacist"]))
def test_head_is_answered_as_get_is(
    oms: Oms, desk: Api, pharmacist: Api, pharmacy: Pharmacy, reader: str
) -> None:
    """The status of an answer without its body tells no more than that of the whole answer."""
    api = {"desk": desk, "pharmacist": pharmacist}[reader]
    differing = {
        url: (head.status_code, get.status_code)
        for _, url in requests(oms, pharmacy)
        if (head := api.send("HEAD", url)).status_code != (get := api.get(url)).status_code
    }
    assert differing == {}
    assert desk.send("HEAD", f"/v1/products/{SECRET}").status_code == 403


SHOWING = {
    "/v1/orders", "/v1/orders/{order_id}", "/v1/orders/{order_id}/timeline",
    "/v1/orders/{order_id}/events", "/v1/customers/{customer_id}/orders",
    "/v1/customers/{customer_id}/export", "/v1/stock", "/v1/stock/{sku}",
    "/v1/stock/{sku}/movements", "/v1/stock/{sku}/promise", "/v1/products",
    "/v1/products/{sku}", "/v1/shipments", "/v1/shipments/{shipment_id}",
    "/v1/shipments/{shipment_id}/packing-slip.pdf", "/v1/returns", "/v1/returns/{return_id}",
    "/v1/payments/{payment_id}", "/v1/drafts", "/v1/drafts/{draft_id}", "/v1/events",
    "/v1/messages", "/v1/messages/{message_id}", "/v1/reservations",
    "/v1/cases", "/v1/cases/{case_id}",
    "/v1/fulfilments", "/v1/fulfilments/{fulfilment_id}",
    "/v1/reservations/{reservation_id}", "/v1/audit/proof/inclusion",
    "/v1/transfers", "/v1/transfers/{transfer_id}", "/v1/lots", "/v1/lots/{sku}/{lot}",
    "/v1/serials", "/v1/inbound", "/v1/inbound/{inbound_id}", "/v1/incoming", "/v1/counts",
    "/v1/counts/{count_id}",
    "/tile/entries/{index}",
}  # fmt: skip
"""Routes that disclose it to readers with the right: others have nothing to mask."""


def test_a_caller_with_the_scope_gets_all_of_it(
    oms: Oms, pharmacist: Api, pharmacy: Pharmacy
) -> None:
    statuses_by_route = leaking(pharmacist, oms, pharmacy)
    assert {route for route, statuses in statuses_by_route.items() if 0 in statuses} == SHOWING


def test_without_masking_all_of_it_is_detected(
    oms: Oms, desk: Api, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what the statements exclude, whose parameters were restricted before."""
    monkeypatch.setattr(disclosure, "allows", lambda scopes, scope: True)
    statuses_by_route = leaking(desk, oms, pharmacy)
    showing = {route for route, statuses in statuses_by_route.items() if 0 in statuses}
    excluded = {"/v1/stock", "/v1/products", "/v1/lots", "/v1/serials", "/v1/incoming"}
    assert showing == SHOWING - excluded


def test_a_content_field_that_is_declared_harmless_is_detected(
    oms: Oms, desk: Api, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is no longer declared is masked, though all amounts are shown."""
    monkeypatch.setattr(plan_of(LineAnswer).fields["title"], "kind", TextKind.HARMLESS)
    monkeypatch.delitem(plan_of(LineAnswer).fields, "tax")
    for made in (pharmacy.path, pharmacy.others):
        answer = desk.get(f"/v1/orders/{made['order_id']}")
        assert f"{PLANTED} line" in answer.text
        assert {line["tax"] for line in answer.json()["lines"]} == {"***"}


def test_streams_show_nothing_either(oms: Oms, pharmacy: Pharmacy) -> None:
    key = {"Authorization": f"Bearer {oms.api_keys.create('desk', None, ALL_BUT)}"}
    with serving(oms) as (url, _), ExitStack() as stack:
        feed = stack.enter_context(streaming(f"{url}/v1/events/stream?after=0", key))
        events = [feed.event()[1] for _ in range(oms.readers.head())]
        assert PLANTED not in json.dumps(events)
        assert sum(event.get("sensitive", False) for event in events) > 20
        parcel = stack.enter_context(
            streaming(f"{url}/v1/tracking/{pharmacy.path['token']}/stream", {"Authorization": ""})
        )
        body = parcel.event()[1]
    assert (body["status"], body["first_name"]) == ("delivered", ADA.mark)
    assert "sensitive" not in body, "the link would tell whoever has it"
    assert PLANTED not in json.dumps(body)


def about(value: Any, order_id: str) -> Iterator[dict[str, Any]]:
    """Objects that name the order, directly or in an object in one of their fields."""
    if isinstance(value, dict):
        if any(order_id == v for v in _texts(value)):
            yield value
        for each in value.values():
            yield from about(each, order_id)
    elif isinstance(value, list):
        for each in value:
            yield from about(each, order_id)


def _texts(value: dict[str, Any]) -> Iterator[str]:
    for each in value.values():
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            yield from _texts(each)


def test_nothing_names_a_sensitive_order_and_an_ordinary_sku_together(
    oms: Oms, desk: Api, pharmacy: Pharmacy
) -> None:
    order_id, objects = pharmacy.others["order_id"], 0
    for route, url in requests(oms, pharmacy):
        answer = desk.get(url)
        if "json" not in answer.headers.get("content-type", "") or answer.status_code != 200:
            continue
        for each in about(answer.json(), order_id):
            objects += 1
            assert PLAIN not in json.dumps(each), (route, each)
    assert objects > 20
    moved = desk.get(f"/v1/stock/{PLAIN.replace('/', '%2F')}/movements").json()["items"]
    masked = [item for item in moved if item.get("sensitive")]
    assert {(m["position"], m["recorded_at"], m["sku"]) for m in masked} == {(None, "***", "***")}
    assert {m["cause"].get("order_id", "***") for m in masked} == {"***"}
    assert all(isinstance(m["on_hand"]["after"], int) for m in masked)


def test_what_the_desk_needs_is_left(desk: Api, pharmacy: Pharmacy) -> None:
    shown = desk.get(f"/v1/orders/{pharmacy.path['order_id']}").json()
    assert shown["sensitive"] is True
    assert (shown["order_number"], shown["total"]) == (pharmacy.path["order_number"], "27.00")
    assert shown["status"]["fulfilment"] == "delivered"
    assert shown["customer"]["name"] == ADA.customer["name"]
    assert shown["shipments"][0]["tracking_number"] == "TRK1"
    (line,) = shown["lines"]
    assert (line["sku"], line["title"], shown["external_id"]) == ("***", "***", "***")
    assert (line["ordered"], line["cancelled"], line["returned"]) == (3, 1, 2)
    (listed,) = desk.get("/v1/orders", params={"q": pharmacy.path["order_number"]}).json()["items"]
    assert (listed["order_id"], listed["external_id"]) == (pharmacy.path["order_id"], "***")
    story = desk.get(f"/v1/orders/{pharmacy.path['order_id']}/timeline").json()["items"]
    assert {each["text"] for each in story} == {"***"}
    assert {"order.placed.v1", "shipment.dispatched.v1"} <= {each["event"] for each in story}
    ordinary = desk.post("/v1/orders", order()).json()
    assert (ordinary["sensitive"], ordinary["lines"][0]["sku"]) == (False, "A")


def test_searching_by_what_it_is_about_finds_nothing(
    desk: Api, pharmacist: Api, pharmacy: Pharmacy
) -> None:
    """Even with `with_sensitive=true`; and the orders are found by their numbers."""
    for filters in (
        {"sku": SECRET},
        {"sku": PLAIN},
        {"q": PLANTED},
        {"q": PLANTED, "sort": "total"},
    ):
        for more in ({}, {"with_sensitive": "true"}):
            assert desk.get("/v1/orders", params={**filters, **more}).json()["items"] == []
        assert pharmacist.get("/v1/orders", params=filters).json()["items"]
        if "sku" not in filters:
            assert desk.get("/v1/fulfilments", params={"q": filters["q"]}).json()["items"] == []
    number = pharmacy.path["order_number"]
    (work,) = desk.get("/v1/fulfilments", params={"q": number}).json()["items"]
    assert work["fulfilment_id"] == pharmacy.path["fulfilment_id"]
    for path in ("/v1/stock", "/v1/products"):
        skus = [item["sku"] for item in desk.get(path).json()["items"]]
        assert (SECRET in skus, PLAIN in skus) == (False, True)
        assert SECRET in [item["sku"] for item in pharmacist.get(path).json()["items"]]
    detail = problem_of(desk.get(f"/v1/products/{SECRET}"), 403, "forbidden")["detail"]
    assert "lacks the scope sensitive:read" in detail
    assert "admin or pharmacist" in detail


def test_orders_that_wait_show_nothing_either(
    desk: Api, pharmacist: Api, shop: Api, pharmacy: Pharmacy
) -> None:
    """To be picked, or for stock; an ordinary product in a sensitive order is masked as well."""
    sensitive: dict[str, Any] = {"sensitive": True}
    for quantity in (1, 1000):
        for sku, mark in ((PLAIN, {}), (PLAIN, sensitive), (SECRET, {})):
            line = {"sku": sku, "quantity": quantity, "unit_price": "1.00", "title": f"{sku} line"}
            body = order(lines=[line], confirm=quantity == 1, backorder="allow", **mark)
            last = shop.post("/v1/orders", body).json()
    for path, filters in (("/v1/picklists", {"location": "LON"}), ("/v1/backorders", {})):
        params = {**filters, "min_position": last["position"], "wait_ms": 10_000}
        shown, masked = (api.get(path, params=params) for api in (pharmacist, desk))
        assert {item["sku"] for item in shown.json()["items"]} == {SECRET, PLAIN}, path
        assert PLANTED not in masked.text
        for item in masked.json()["items"]:
            assert (item["sku"] == "***") is item["sensitive"], path
        assert PLAIN in [item["sku"] for item in masked.json()["items"]]


def test_commands_and_refusals_show_no_more_than_queries(desk: Api, pharmacy: Pharmacy) -> None:
    path = f"/v1/orders/{pharmacy.path['order_id']}"
    too_many = {"reason": "other", "lines": [{"line_id": "1", "quantity": 99}]}
    problem = problem_of(desk.post(f"{path}/cancel", too_many), 409, "illegal_transition")
    assert problem["errors"] == [{"line": "1", "sku": "***", "requested": 99, "available": 0}]
    secret = order(lines=[{"sku": SECRET, "quantity": 1, "unit_price": "1.00"}])
    placed = desk.post("/v1/orders", secret)
    assert placed.status_code == 201
    assert PLANTED not in placed.text
    held = desk.post(f"/v1/orders/{placed.json()['order_id']}/hold", {"reason": f"{PLANTED} why"})
    assert (held.json()["holds"][0]["reason"], PLANTED in held.text) == ("***", False)
    desk.post(f"/v1/orders/{placed.json()['order_id']}/confirm")
    ship = {"location": "LON"}
    refused = desk.post(f"/v1/orders/{placed.json()['order_id']}/shipments", ship)
    assert PLANTED not in str(problem_of(refused, 409, "ship_blocked"))
    many = desk.post("/v1/orders:batch", {"orders": [secret, order()]}).json()["results"]
    assert [each["order"]["lines"][0]["sku"] for each in many] == ["***", "A"]
    assert PLANTED not in desk.post("/v1/orders?dry_run=true", secret).text
    received = {"sku": SECRET, "location": "LON", "quantity": 1}
    assert desk.post("/v1/stock/receipts", received).json()["sku"] == "***"


def test_figures_hide_small_counts_from_every_reader(
    desk: Api, shop: Api, pharmacy: Pharmacy
) -> None:
    """By the ledger's setting; a request can only raise the number."""
    for api in (desk, shop):
        for params in ({"group_by": "month"}, {"group_by": "month", "smallest_count": "1"}):
            (row,) = api.get("/v1/analytics/shipping", params=params).json()["rows"]
            assert (row["orders"], row["sensitive_orders"]) == (0, None)
            assert row["suppressed"].startswith("Fewer than 11 ")


def accesses(api: Api, **params: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/v1/audit/access", params=params).json()["items"]
    return items


def test_each_disclosure_is_recorded(
    desk: Api, pharmacist: Api, shop: Api, pharmacy: Pharmacy
) -> None:
    """With subject, actor and purpose; also for answers without personal values, and in the log of
    the person. Masked answers are not logged."""
    order_id = pharmacy.path["order_id"]
    before = len(accesses(shop, order=order_id))
    path = f"/v1/orders/{order_id}/timeline"
    assert SECRET in pharmacist.get(path, headers={"X-Purpose": "dispensing"}).text
    desk.get(path)
    newest, *older = accesses(shop, order=order_id)
    assert len(older) == before
    assert (newest["actor"], newest["purpose"]) == ("key:pharmacist", "dispensing")
    assert newest["sensitive_orders"] == [order_id]
    assert newest["subjects"] == ["customer:c-ada"]
    assert newest["route"] == "GET /v1/orders/{order_id}/timeline"
    assert accesses(shop, customer="c-ada")[0] == newest
    pharmacist.get("/v1/events", params={"limit": 500})
    assert set(accesses(shop)[0]["sensitive_orders"]) == {order_id, pharmacy.others["order_id"]}
    pharmacist.get("/v1/audit/proof/inclusion", params={"position": pharmacy.position})
    assert accesses(shop)[0]["route"] == "GET /v1/audit/proof/inclusion"
    count = len(accesses(shop))
    pharmacist.get("/v1/locations")
    assert len(accesses(shop)) == count


def test_the_command_line_is_on_record_too(oms: Oms, pharmacy: Pharmacy) -> None:
    timeline = run_query(oms, "order_timeline", order_id=pharmacy.path["order_id"])
    assert SECRET in json.dumps(timeline)
    (newest, *_) = oms.accesses(order=pharmacy.path["order_id"])
    assert str(newest["actor"]).startswith("cli:")


def test_a_product_that_becomes_sensitive_is_so_within_seconds(
    oms: Oms, desk: Api, shop: Api, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier orders of it are not: an order keeps the mark it was placed with. A new definition of
    the product by a client that omits the mark keeps it."""
    monkeypatch.setattr(index, "PRODUCT_SECONDS", 0.0)
    before = shop.post("/v1/orders", order()).json()
    for body in ({"title": "A", "sensitive": True}, {"title": "A, anew"}):
        assert shop.put("/v1/products/A", body).json()["sensitive"] is True
    after = desk.post("/v1/orders", order()).json()
    assert (before["sensitive"], after["sensitive"]) == (False, True)
    waits = {"min_position": after["position"], "wait_ms": 10_000}
    assert desk.get("/v1/stock/A", params=waits).status_code == 403
    moved = desk.get("/v1/events", params={"limit": 500}).json()["items"]
    received = [e for e in moved if e["type"] == "stock.received.v1" and e["data"]["sku"] == "***"]
    assert {(e["stream"], e["sensitive"]) for e in received} == {("***", True)}
    again = shop.put("/v1/products/A", {"title": "A", "sensitive": False}).json()
    waits["min_position"] = again["position"]
    assert desk.get("/v1/stock/A", params=waits).json()["sensitive"] is False
    waits.pop("min_position")
    last = desk.get(f"/v1/orders/{after['order_id']}", params=waits).json()
    assert (last["sensitive"], last["lines"][0]["sku"]) == (True, "***")
