"""Sensitive drafts: who reads them is on record, and refusals about them name no SKUs."""

from __future__ import annotations

from tests.http.conftest import Api
from tests.http.test_errors import problem_of
from tests.privacy.sensitivity.pharmacy import SECRET, Pharmacy
from tests.privacy.sensitivity.test_health import accesses


def test_each_disclosure_of_a_draft_is_recorded(
    desk: Api, pharmacist: Api, shop: Api, pharmacy: Pharmacy
) -> None:
    """As of an order: for the person whose draft it is, and not where it was masked."""
    draft_id = pharmacy.path["draft_id"]
    path = f"/v1/drafts/{draft_id}"
    count = len(accesses(shop, customer="c-ada"))
    assert SECRET in pharmacist.get(path, headers={"X-Purpose": "dispensing"}).text
    assert len(accesses(shop, customer="c-ada")) == count + 1
    newest = accesses(shop, customer="c-ada")[0]
    assert (newest["sensitive_drafts"], newest["sensitive_orders"]) == ([draft_id], [])
    assert (newest["subjects"], newest["purpose"]) == (["customer:c-ada"], "dispensing")
    assert desk.get(path).status_code == 200
    assert accesses(shop)[0]["sensitive_drafts"] == []
    pharmacist.get("/v1/events", params={"limit": 500})
    drafts = {draft_id, pharmacy.others["draft_id"]}
    assert set(accesses(shop)[0]["sensitive_drafts"]) == drafts


def test_a_draft_without_a_person_is_on_record_by_its_id(pharmacist: Api, shop: Api) -> None:
    body = {"lines": [{"sku": "A", "quantity": 1}], "sensitive": True}
    draft_id = pharmacist.post("/v1/drafts", body).json()["draft_id"]
    changed = pharmacist.put(f"/v1/drafts/{draft_id}", {**body, "external_id": "x"})
    newest = accesses(shop)[0]
    assert (newest["sensitive_drafts"], newest["subjects"]) == ([draft_id], [])
    assert newest["route"] == "PUT /v1/drafts/{draft_id}"
    assert changed.json()["external_id"] == "x"


def test_a_refusal_about_a_sensitive_draft_names_no_skus(desk: Api, pharmacy: Pharmacy) -> None:
    line = {"sku": SECRET, "quantity": 99, "unit_price": "9.00"}
    made = desk.post("/v1/drafts", {"channel": "web", "currency": "GBP", "lines": [line]})
    refused = desk.post(f"/v1/drafts/{made.json()['draft_id']}/place")
    problem = problem_of(refused, 409, "insufficient_stock")
    assert {error["sku"] for error in problem["errors"]} == {"***"}
