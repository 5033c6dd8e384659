"""An erased person cannot be read any more, anywhere; everything else stays as it was."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.http.app import create_app
from oms_ledger.privacy import key_cache
from oms_ledger.settings import Settings
from tests.audit.seal import seal
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, GUEST, Planted
from tests.privacy.search import dumped, files_with, rows_with

REASON = {"reason": "erasure request"}


def order_of(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    params = {"min_position": made["position"], "wait_ms": 10_000}
    answer = api.get(f"/v1/orders/{made['order_id']}", params=params)
    assert answer.status_code == 200, answer.text
    order: dict[str, Any] = answer.json()
    return order


def forget(api: Api, person: str) -> dict[str, Any]:
    answer = api.post(f"/v1/customers/{person}/forget", REASON)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def test_after_forgetting_no_answer_has_the_person(shop: Api, postgres: Database) -> None:
    ada, bob = ADA.buys(shop), BOB.buys(shop)
    assert order_of(shop, ada)["customer"]["email"] == ADA.email
    token = ada["tracking_token"]
    assert shop.get(f"/v1/tracking/{token}").json()["first_name"] == ADA.mark
    position = forget(shop, "c-ada")["position"]
    order = order_of(shop, {**ada, "position": position})
    assert {order["customer"][name] for name in ("name", "email", "phone")} == {"[forgotten]"}
    assert order["shipping_address"]["line1"] == "[forgotten]"
    assert order["shipping_address"]["city"] == "Leeds"
    assert (order["total"], order["lines"][0]["packed"]) == (ada["total"], 1)
    assert shop.get(f"/v1/tracking/{token}").json()["first_name"] == "[forgotten]"
    assert shop.get("/v1/orders", params={"q": ADA.email}).json()["items"] == []
    assert order_of(shop, bob)["customer"]["email"] == BOB.email
    everything = shop.get("/v1/customers/c-ada/export").text + shop.get("/v1/events").text
    assert ADA.mark not in everything
    assert rows_with(postgres, ADA.mark) == []
    assert ADA.mark not in dumped(postgres)
    assert files_with(postgres, ADA.mark) == []


def test_the_key_itself_is_gone_from_the_files(shop: Api, oms: Oms, postgres: Database) -> None:
    """The wrapped form too: nothing is left that the key-encryption key could unwrap."""
    ADA.buys(shop)
    with postgres.connect() as connection:
        row = connection.execute(
            "SELECT wrapped FROM subject_keys WHERE subject = 'customer:c-ada'"
        ).fetchone()
    assert row is not None
    wrapped = row[0]
    assert isinstance(wrapped, bytes)
    assert files_with(postgres, wrapped)
    forget(shop, "c-ada")
    assert files_with(postgres, wrapped) == []


def test_the_ledger_still_verifies_and_records_the_erasure(
    shop: Api, settings: Settings, tmp_path: Path
) -> None:
    """The tree covers sealed bytes before and after; proofs and invariants hold."""
    with open_prepared(replace(settings, data_dir=tmp_path)) as oms:
        made = ADA.buys(shop)
        seal(oms)
        before = shop.get("/v1/audit/proof/inclusion", params={"position": made["position"]}).json()
        receipt = forget(shop, "c-ada")
        assert receipt["forgotten"] == 1
        seal(oms)
        oms.catch_up()
        report = oms.audit.verify(VerificationOptions())
        assert [f for check in report.checks for f in check.findings] == []
        assert report.ok
    params = {"position": made["position"], "tree_size": before["tree_size"]}
    assert shop.get("/v1/audit/proof/inclusion", params=params).json() == before
    receipts = shop.get("/v1/events", params={"types": "customer.forgotten.v2"}).json()["items"]
    (receipt,) = [r["data"] for r in receipts]
    assert len(receipt.pop("keys")) == 1
    assert receipt == {
        "customer_id": "c-ada",
        "reason": REASON["reason"],
        "note": None,
        "period": None,
    }


def test_a_returning_customer_gets_a_new_key(shop: Api) -> None:
    before = ADA.buys(shop)
    forget(shop, "c-ada")
    after = ADA.buys(shop)
    assert order_of(shop, after)["customer"]["email"] == ADA.email
    assert order_of(shop, before)["customer"]["email"] == "[forgotten]"
    items = shop.get("/v1/orders", params={"q": ADA.email}).json()["items"]
    assert [each["order_id"] for each in items] == [after["order_id"]]
    assert forget(shop, "c-ada")["forgotten"] == 2


def test_a_guest_is_forgotten_by_address_and_with_the_customer_of_that_address(
    shop: Api, postgres: Database
) -> None:
    guest = GUEST.buys(shop)
    receipt = forget(shop, GUEST.email)
    assert receipt["customer_id"].startswith("key:")
    assert order_of(shop, {**guest, **receipt})["customer"]["name"] == "[forgotten]"
    assert rows_with(postgres, GUEST.mark) == []
    once_more, customer = GUEST.buys(shop), Planted(GUEST.mark, "c-guest").buys(shop)
    position = forget(shop, "c-guest")["position"]
    for made in (once_more, customer):
        order = order_of(shop, {**made, "position": position})
        assert order["customer"]["name"] == "[forgotten]"


def test_an_order_that_is_sent_again_afterwards_is_still_the_same(shop: Api) -> None:
    first = shop.post("/v1/orders", ADA.order(external_id="7"))
    assert first.status_code == 201
    assert shop.post("/v1/orders", ADA.order(external_id="7")).status_code == 200
    changed = ADA.order(external_id="7")
    changed["shipping_address"] = {**ADA.address, "line1": "elsewhere"}
    assert shop.post("/v1/orders", changed).json()["code"] == "external_id_reused"
    forget(shop, "c-ada")
    again = shop.post("/v1/orders", ADA.order(external_id="7"))
    assert again.status_code == 200
    assert again.json()["order_id"] == first.json()["order_id"]
    other = ADA.order(external_id="7", lines=[{"sku": "A", "quantity": 2, "unit_price": "1.00"}])
    assert shop.post("/v1/orders", other).json()["code"] == "external_id_reused"


def test_a_dry_run_forgets_no_customer(shop: Api) -> None:
    made = ADA.buys(shop)
    tried = shop.post("/v1/customers/c-ada/forget?dry_run=true", REASON)
    assert tried.json()["events"][0]["type"] == "customer.forgotten.v2"
    assert order_of(shop, made)["customer"]["email"] == ADA.email


def test_other_processes_let_go_of_the_key_within_seconds(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_cache, "REFRESH_SECONDS", 0.2)
    made = ADA.buys(shop)
    with open_prepared(oms.settings) as elsewhere, Api(create_app(elsewhere)) as other:
        assert order_of(other, made)["customer"]["email"] == ADA.email
        forget(shop, "c-ada")
        time.sleep(0.3)
        assert order_of(other, made)["customer"]["email"] == "[forgotten]"
        again = ADA.buys(other)
        assert order_of(shop, again)["customer"]["email"] == ADA.email


def test_a_destroyed_key_cannot_be_put_back(shop: Api, postgres: Database) -> None:
    ADA.buys(shop)
    forget(shop, "c-ada")
    put_back = (
        "UPDATE subject_keys SET wrapped = 'x', kek_id = 'y', destroyed_at = NULL"
        " WHERE destroyed_at IS NOT NULL"
    )
    for attempt in (put_back, "DELETE FROM subject_keys", "DELETE FROM personal_access"):
        with postgres.connect_owner() as owner, pytest.raises(Exception, match=r"key|append-only"):
            owner.execute(attempt)
