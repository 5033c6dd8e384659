"""An id from outside is never read as the name of a record of the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oms_commands.orders import _fields
from tests.http.conftest import Api
from tests.http.test_errors import problem_of
from tests.privacy.people import GUEST, Planted
from tests.privacy.test_erasure import REASON, forget, order_of


@pytest.mark.parametrize("prefix", ["key:", "order:"])
def test_no_new_customer_has_an_id_like_the_name_of_a_record(shop: Api, prefix: str) -> None:
    order = Planted("Zqmallory", f"{prefix}1").order()
    problem = problem_of(shop.post("/v1/orders", order), 422, "invalid_fields")
    assert problem["errors"][0]["field"] == "customer.id"


def test_forgetting_a_customer_with_a_reserved_id_forgets_no_other(
    shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in ledgers begun before such ids were refused."""
    monkeypatch.setattr(_fields, "RESERVED", ("\0",))
    guest = GUEST.buys(shop)
    held = shop.post(f"/v1/customers/{GUEST.email}/forget?dry_run=true", REASON).json()
    key = held["events"][0]["data"]["customer_id"]
    assert key.startswith("key:")
    nameless = Planted("Zqnameless").order()
    nameless["customer"] = {"name": "Zqnameless"}
    order = shop.post("/v1/orders", nameless).json()
    for name, other in ((key, guest), (f"order:{order['order_id']}", order)):
        mallory = replace(Planted("Zqmallory"), id=name).buys(shop)
        receipt = forget(shop, name)
        assert receipt["customer_id"] not in (key, name)
        assert order_of(shop, {**mallory, **receipt})["customer"]["name"] == "[forgotten]"
        assert order_of(shop, other)["customer"]["name"] != "[forgotten]"
        again = shop.post(f"/v1/customers/{name}/forget", REASON)
        assert problem_of(again, 404, "not_found")
        assert order_of(shop, other)["customer"]["name"] != "[forgotten]"
