"""Pick lists and packing slips over HTTP: rights, content, and the record of access."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.documents.pdf import barcodes, text_of
from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of

HOSTILE = "<para>x</para> & 東京 ) Tj"


@contextmanager
def holder(oms: Oms, *scopes: str, channel: str | None = None) -> Iterator[Api]:
    """A client with a key of these scopes."""
    channels = [channel] if channel else []
    key = oms.api_keys.create("clerk", None, scopes, channels=channels)
    with Api(create_app(oms), key=key) as api:
        yield api


def placed(shop: Api) -> tuple[str, str]:
    """A confirmed order of Ada's, and its number."""
    customer = {"id": "c-ada", "name": "Ada Lovelace"}
    lines = [{"sku": "A", "quantity": 2, "unit_price": "2.00", "title": HOSTILE}]
    made = posted(shop, "/v1/orders", order(lines=lines, customer=customer, confirm=True), 201)
    return made["order_id"], made["order_number"]


def slip_of(shop: Api) -> tuple[str, int]:
    """The path of the packing slip of a new shipment of Ada's, and the ledger's position."""
    order_id, _ = placed(shop)
    made = posted(shop, f"/v1/orders/{order_id}/shipments", {"location": "LON"}, 201)
    return f"/v1/shipments/{made['shipment_id']}/packing-slip.pdf", made["position"]


def file_of(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["ledger-position"]) > 0
    return answer.content


def test_a_pick_list_is_printed(shop: Api) -> None:
    order_id, number = placed(shop)
    after = shop.get(f"/v1/orders/{order_id}").json()["position"]
    answer = shop.get("/v1/picklists.pdf", params={"location": "LON", "min_position": after})
    file = file_of(answer)
    assert answer.headers["content-disposition"] == 'inline; filename="pick-list.pdf"'
    shown = text_of(file)
    assert f"Order {number}, line 1" in shown
    assert "<para>x</para> & ¿¿ ) Tj" in shown
    assert barcodes(file) == ["A", number]
    other = shop.get("/v1/picklists.pdf", params={"location": "MAN", "min_position": after})
    assert barcodes(file_of(other)) == []


def test_parameters_are_those_of_the_query(shop: Api) -> None:
    problem_of(shop.get("/v1/picklists.pdf"), 422, "invalid_fields")
    many = shop.get("/v1/picklists.pdf", params={"location": "LON", "limit": 501})
    assert problem_of(many, 422, "invalid_fields")["errors"][0]["field"] == "limit"
    problem_of(shop.get("/v1/shipments/none/packing-slip.pdf"), 404, "not_found")


def test_a_slip_of_the_past_is_that_of_then(shop: Api) -> None:
    path, created = slip_of(shop)
    sent = posted(shop, path.replace("packing-slip.pdf", "dispatch"), {})["position"]
    now = text_of(file_of(shop.get(path, params={"min_position": sent})))
    then = text_of(file_of(shop.get(path, params={"as_of": created})))
    assert ("Dispatched" in now, "Dispatched" in then) == (True, False)
    problem_of(shop.get(path, params={"as_of": 1}), 404, "not_found")


def test_a_recipient_is_shown_for_the_right_and_that_is_recorded(oms: Oms, shop: Api) -> None:
    path, after = slip_of(shop)
    fresh = {"min_position": after}
    before = len(oms.accesses(customer="c-ada"))
    with holder(oms, "shipments:read") as clerk:
        shown = text_of(file_of(clerk.get(path, params=fresh)))
    assert "Ada" not in shown
    assert "To\n***" in shown
    assert len(oms.accesses(customer="c-ada")) == before
    with holder(oms, "shipments:read", "pii:read") as clerk:
        answer = clerk.get(path, params=fresh, headers={"X-Purpose": "packing"})
        assert "To\nAda Lovelace" in text_of(file_of(answer))
    newest, *older = oms.accesses(customer="c-ada")
    assert len(older) == before
    assert newest["route"] == "GET /v1/shipments/{shipment_id}/packing-slip.pdf"
    assert (newest["actor"], newest["purpose"]) == ("key:clerk", "packing")


def test_a_key_of_another_channel_gets_nothing(oms: Oms, shop: Api) -> None:
    _, number = placed(shop)
    path, after = slip_of(shop)
    for channel, status in (("web", 200), ("pos", 404)):
        with holder(oms, "shipments:read", channel=channel) as clerk:
            assert clerk.get(path, params={"min_position": after}).status_code == status
            picks = clerk.get(
                "/v1/picklists.pdf", params={"location": "LON", "min_position": after}
            )
            assert (number in text_of(file_of(picks))) is (status == 200)


@pytest.mark.parametrize("path", ["/v1/picklists.pdf", "/v1/shipments/s/packing-slip.pdf"])
def test_the_scope_is_that_of_shipments(oms: Oms, path: str) -> None:
    with holder(oms, "orders:read") as clerk:
        problem_of(clerk.get(path), 403, "forbidden")


def test_serving_imports_no_library_of_documents() -> None:
    probe = "import sys, oms_ledger.http.app; print({'reportlab', 'PIL'} & {*sys.modules})"
    start = [sys.executable, "-c", probe]
    ended = subprocess.run(start, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
