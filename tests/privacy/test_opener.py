"""Personal data is disclosed to readers with the right, and logged; for others it is masked."""

from __future__ import annotations

from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.domain.orders.answers import CustomerAnswer
from oms_ledger.domain.personal import personal_values
from oms_ledger.http.app import create_app
from oms_ledger.privacy.disclosure import Access
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, GUEST, Planted

OF = CustomerAnswer


def reading(oms: Oms, *scopes: str) -> Api:
    return Api(create_app(oms), oms.api_keys.create(f"may {' '.join(scopes)}", None, scopes))


def accesses(api: Api, **params: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/audit/access", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
def made(shop: Api) -> dict[str, Any]:
    made = ADA.buys(shop)
    waits = {"min_position": made["position"], "wait_ms": 10_000}
    assert shop.get("/v1/orders", params={"customer": "nobody", **waits}).status_code == 200
    assert shop.get("/v1/analytics/shipping", params=waits).status_code == 200
    return made


ROUTES = (
    "/v1/orders/{order_id}",
    "/v1/orders",
    "/v1/orders/{order_id}/events",
    "/v1/shipments/{shipment_id}",
    "/v1/shipments",
    "/v1/customers/c-ada",
    "/v1/customers/c-ada/orders",
    "/v1/events",
)


@pytest.mark.parametrize("route", ROUTES)
def test_without_the_right_there_are_stars(
    oms: Oms, shop: Api, made: dict[str, Any], route: str
) -> None:
    path = route.format(**made)
    with reading(oms, "orders:read", "shipments:read", "audit:read") as others:
        masked = others.get(path)
        assert masked.status_code == 200
        assert '"***"' in masked.text
        assert ADA.mark not in masked.text
        assert "sealed:" not in masked.text
        assert accesses(others) == []
    shown = shop.get(path, headers={"X-Purpose": "ticket 7"})
    assert ADA.mark in shown.text
    assert "sealed:" not in shown.text
    (record,) = accesses(shop, customer="c-ada")
    assert record["purpose"] == "ticket 7"
    assert record["actor"] == "key:admin"
    assert record["subjects"] == ["customer:c-ada"]
    assert record["route"].startswith("GET /v1/")
    assert "c-ada" not in record["route"]


def test_a_dry_run_is_masked_too(oms: Oms, shop: Api) -> None:
    with reading(oms, "orders:write") as others:
        tried = others.post("/v1/orders?dry_run=true", ADA.order())
        assert tried.status_code == 200
        assert ADA.mark not in tried.text
        many = others.post("/v1/orders:batch?dry_run=true", {"orders": [ADA.order()]})
        assert '"***"' in many.text
        assert ADA.mark not in many.text
    assert ADA.mark in shop.post("/v1/orders?dry_run=true", ADA.order()).text


def test_a_parcels_page_shows_a_first_name_and_that_is_on_record(
    shop: Api, made: dict[str, Any]
) -> None:
    parcel = shop.get(f"/v1/tracking/{made['tracking_token']}", headers={"Authorization": ""})
    assert (parcel.json()["first_name"], parcel.json()["town"]) == (ADA.mark, "Leeds")
    assert f"{ADA.mark} " not in parcel.text
    (record,) = accesses(shop)
    assert (record["actor"], record["purpose"]) == ("public tracking", "tracking")


def test_hundreds_of_views_of_a_parcel_leave_few_entries(shop: Api, made: dict[str, Any]) -> None:
    path = f"/v1/tracking/{made['tracking_token']}"
    at_once = shop.all_at_once(*[("GET", path, None, {"Authorization": ""})] * 50)
    assert {response.status_code for response in at_once} == {200}
    assert 1 <= len(accesses(shop)) <= 4
    for _ in range(50):
        assert shop.get(path, headers={"Authorization": ""}).json()["first_name"] == ADA.mark
    assert len(accesses(shop)) <= 4


def test_the_access_log_is_listed_page_by_page(shop: Api, made: dict[str, Any]) -> None:
    BOB.buys(shop)
    for n in range(3):
        shop.get(f"/v1/orders/{made['order_id']}", headers={"X-Purpose": f"look {n}"})
    first = shop.get("/v1/audit/access", params={"limit": 2}).json()
    assert [item["purpose"] for item in first["items"]] == ["look 2", "look 1"]
    rest = shop.get("/v1/audit/access", params={"limit": 2, "before": first["next_before"]}).json()
    assert [item["purpose"] for item in rest["items"]] == ["look 0"]
    assert rest["next_before"] is None
    assert accesses(shop, customer="c-bob") == []
    assert accesses(shop, actor="nobody") == []
    assert shop.get("/v1/audit/access", params={"limit": 0}).status_code == 422
    bad = shop.get("/v1/orders", headers={"X-Purpose": "x" * 201})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "X-Purpose")


def test_simultaneous_readers_are_each_on_record(shop: Api, made: dict[str, Any]) -> None:
    path, purposes = f"/v1/orders/{made['order_id']}", [f"look {n}" for n in range(30)]
    shown = shop.all_at_once(*(("GET", path, None, {"X-Purpose": each}) for each in purposes))
    assert all(ADA.mark in each.text for each in shown)
    assert sorted(each["purpose"] for each in accesses(shop)) == sorted(purposes)


def test_orders_are_listed_by_the_whole_address_alone(shop: Api, made: dict[str, Any]) -> None:
    guest = GUEST.buys(shop)
    waits = {"min_position": guest["position"], "wait_ms": 10_000}
    for person, its in ((ADA, made), (GUEST, guest)):
        listed = shop.get("/v1/orders", params={"q": f" {person.email.upper()}", **waits}).json()
        assert [each["order_id"] for each in listed["items"]] == [its["order_id"]]
        sorted_ = shop.get("/v1/orders", params={"q": person.email, "sort": "placed_at"}).json()
        assert [each["order_id"] for each in sorted_["items"]] == [its["order_id"]]
    for q in (ADA.mark, "@example.com", "nobody@example.com"):
        assert shop.get("/v1/orders", params={"q": q}).json()["items"] == []
    by_id = shop.get("/v1/orders", params={"customer": "c-ada"}).json()["items"]
    assert [each["order_id"] for each in by_id] == [made["order_id"]]


def test_everything_about_one_person(shop: Api, made: dict[str, Any]) -> None:
    BOB.buys(shop)
    shop.get(f"/v1/orders/{made['order_id']}", headers={"X-Purpose": "support call"})
    export = shop.get("/v1/customers/c-ada/export").json()
    assert export["customer"] == {**ADA.customer, "id": "c-ada"}
    assert [each["order_id"] for each in export["order_details"]] == [made["order_id"]]
    assert export["order_details"][0]["shipping_address"]["line1"] == ADA.address["line1"]
    assert {each["type"] for each in export["events"]} >= {"order.placed.v1", "shipment.created.v1"}
    assert [each["purpose"] for each in export["accesses"]] == ["support call"]
    assert BOB.mark not in str(export)
    assert shop.get("/v1/customers/nobody/export").status_code == 404


def test_an_export_includes_guest_orders_with_the_same_address(shop: Api) -> None:
    """Guest orders are exported with the customer as they are erased with the customer; legal
    holds and accesses too."""
    customer = Planted(GUEST.mark, "c-guest")
    mine, guest = customer.buys(shop), GUEST.buys(shop)
    held = shop.post("/v1/customers/c-guest/hold", {"reason": "audit", "reference": "case 12"})
    waits = {"min_position": held.json()["position"], "wait_ms": 10_000}
    shop.get(f"/v1/orders/{guest['order_id']}", params=waits, headers={"X-Purpose": "packing"})
    export = shop.get("/v1/customers/c-guest/export").json()
    both = {mine["order_id"], guest["order_id"]}
    assert {each["order_id"] for each in export["order_details"]} == both
    assert {each["purpose"] for each in export["accesses"]} == {"packing"}
    assert [each["reference"] for each in export["holds"]] == ["case 12"]
    assert "customer.held.v1" in {each["type"] for each in export["events"]}


def test_a_guest_is_exported_by_address(shop: Api) -> None:
    guest = GUEST.buys(shop)
    waits = {"min_position": guest["position"], "wait_ms": 10_000}
    shown = shop.get(f"/v1/customers/{GUEST.email}", params=waits).json()
    assert shown["customer"]["email"] == GUEST.email
    assert shown["customer_id"].startswith("key:")
    export = shop.get(f"/v1/customers/{GUEST.email.upper()}/export").json()
    assert [each["order_id"] for each in export["order_details"]] == [guest["order_id"]]
    assert len(export["accesses"]) == 1
    assert shop.get("/v1/customers/nobody@example.com/export").status_code == 404
    assert shop.get(f"/v1/customers/{GUEST.email}/orders").status_code == 404


def test_a_note_in_the_form_of_a_sealed_value_is_returned_unchanged(oms: Oms, shop: Api) -> None:
    """Beside sealed values of a person, and with the id of their key in it. It opens nothing."""
    made = ADA.buys(shop)
    with oms.readers.as_of() as log:
        placed_events = log.events(0, 1000, ["order.placed.v1"])
        values = [value for r in placed_events for value in personal_values(r.event)]
    (key_id, *_) = {value.personal.split(":")[2] for _, value in values}
    for note in ("sealed:v1:abc:def", f"sealed:v1:{key_id}:abcd", values[0][1].personal):
        path = f"/v1/orders/{made['order_id']}"
        held = shop.post(f"{path}/hold", {"reason": "other", "note": note}).json()
        answer = shop.get(path, params={"min_position": held["position"], "wait_ms": 10_000})
        assert [hold["note"] for hold in answer.json()["holds"]] == [note]
        assert ADA.mark in answer.text
        assert note in shop.get(f"{path}/timeline").text
        released = shop.post(f"{path}/holds/{held['hold_id']}/release", {})
        assert released.status_code == 200


def test_a_value_that_was_moved_or_changed_is_not_shown(oms: Oms, shop: Api) -> None:
    """Write access to the database does not suffice to show one person's data as another's."""
    ADA.buys(shop)
    text = shop.get("/v1/orders").text
    assert "[unreadable]" not in text
    with oms.readers.as_of() as log:
        values = {
            name: value.personal
            for r in log.events(0, 1000, ["order.placed.v1"])
            for name, value in personal_values(r.event)
        }
    access = Access("tester", "tester", "here", "test")
    assert oms.show({"name": values["name"]}, access, OF) != {"name": "[unreadable]"}
    assert oms.show({"phone": values["name"]}, access, OF) == {"phone": "[unreadable]"}
    assert oms.show({"name": values["name"][:-4] + "AAAA"}, access, OF) == {"name": "[unreadable]"}
    gone = values["name"].replace("sealed:v1:", "sealed:v1:x")
    assert oms.show({"name": gone}, access, OF) == {"name": "[unreadable]"}
