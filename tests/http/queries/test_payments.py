"""Payments as those who look after money read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of

EXPIRES = datetime(2030, 1, 8, 12, tzinfo=UTC)


class Till:
    """Orders of the shop and their payments; `position` is that of the last command."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.position = 0

    def do(self, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = posted(self.api, path, body, status)
        self.position = answer["position"]
        return answer

    def order(self, **fields: Any) -> str:
        order_id: str = self.do("/v1/orders", {**order(2), **fields}, 201)["order_id"]
        return order_id

    def pay(self, order_id: str, provider: str = "manual", capture: str = "manual") -> str:
        body = {"provider": provider, "amount": "1.00", "capture": capture}
        paid = self.do(f"/v1/orders/{order_id}/payments", body, 201)
        payment_id: str = paid["payment_id"]
        return payment_id

    def report(self, order_id: str, payment_id: str, kind: str, **fields: Any) -> None:
        body = {"kind": kind, "provider_event_id": f"e{self.position}", **fields}
        self.do(f"/v1/orders/{order_id}/payments/{payment_id}/report", body)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        if "as_of" not in params:
            params["min_position"] = self.position
        answer = self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def listed(self, **filters: Any) -> list[str]:
        return [item["payment_id"] for item in self.get("/v1/payments", **filters)["items"]]


@pytest.fixture
def till(shop: Api) -> Till:
    return Till(shop)


def test_lists_are_filtered(till: Till) -> None:
    first, second = till.order(), till.order()
    held = till.pay(first)
    taken = till.pay(first, capture="automatic")
    failed = till.pay(second, "external")
    till.report(second, failed, "failed", code="declined")
    expiring = till.pay(second, "external")
    authorised = {"amount": "1.00", "expires_at": EXPIRES.isoformat()}
    till.report(second, expiring, "authorised", **authorised)
    wrong = till.pay(second, "external")
    till.report(second, wrong, "captured", amount="9.00")
    everything = [wrong, expiring, failed, taken, held]
    assert till.listed() == everything
    assert till.listed(status="failed") == [failed]
    assert till.listed(status="failed,captured", order=first) == [taken]
    assert till.listed(provider="manual") == [taken, held]
    assert till.listed(order=second) == [wrong, expiring, failed]
    assert till.listed(discrepancy="true") == [wrong]
    assert till.listed(discrepancy="false") == [expiring, failed, taken, held]
    assert set(till.listed(open="true")) >= {expiring, held}
    assert set(till.listed(open="false")) >= {failed, taken}
    assert set(till.listed(open="true")) | set(till.listed(open="false")) == set(everything)
    assert till.listed(capture_before="2030-01-09") == [expiring]
    assert till.listed(capture_before="2030-01-08") == []
    assert till.listed(capture_before=EXPIRES.isoformat()) == []
    assert till.listed(capture_before=(EXPIRES + timedelta(seconds=1)).isoformat()) == [expiring]
    assert till.listed(requested_to="2020-01-01") == []
    assert till.listed(requested_from="2020-01-01") == everything
    till.do(f"/v1/orders/{second}/payments/{expiring}/capture", {})
    assert till.listed(capture_before="2030-01-09") == []


def test_pages_follow_each_other(till: Till) -> None:
    order_id = till.order()
    made = [till.pay(order_id) for _ in range(5)]
    pages, cursor = [], None
    for _ in range(3):
        page = till.get("/v1/payments", limit=2, **({"cursor": cursor} if cursor else {}))
        pages += [item["payment_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (pages, cursor) == (made[::-1], None)


def test_the_payments_of_an_order_and_its_money(till: Till) -> None:
    order_id, other = till.order(), till.order()
    first, second = till.pay(order_id), till.pay(order_id, capture="automatic")
    till.pay(other)
    path = f"/v1/orders/{order_id}/payments"
    shown = till.get(path)
    assert shown["order_id"] == order_id
    assert [item["payment_id"] for item in shown["items"]] == [first, second]
    assert shown["money"] == till.get(f"/v1/orders/{order_id}")["money"]
    assert (shown["money"]["authorised"], shown["money"]["captured"]) == ("1.00", "1.00")
    before = till.position
    refund = {"amount": "0.40", "reason": "late"}
    till.do(f"{path}/{second}/refund", refund)
    assert till.get(path)["items"][1]["refunded"] == "0.40"
    assert till.get(path, as_of=before) == shown
    problem_of(till.api.get("/v1/orders/none/payments"), 404, "not_found")


def test_one_payment_with_every_event_of_it(till: Till) -> None:
    order_id = till.order()
    payment_id = till.pay(order_id)
    before = till.position
    captured = till.do(f"/v1/orders/{order_id}/payments/{payment_id}/capture", {})
    shown = till.get(f"/v1/payments/{payment_id}")
    fields = {k: v for k, v in captured.items() if k not in ("money", "position")}
    assert fields.items() <= shown.items()
    feed = till.get("/v1/events", limit=500)["items"]
    assert shown["events"] == [e for e in feed if e["stream"] == f"payment-{payment_id}"]
    assert len(shown["events"]) == shown["version"] == 4
    assert shown["updated_at"] == shown["events"][-1]["recorded_at"]
    (listed,) = till.get("/v1/payments")["items"]
    assert {k: v for k, v in shown.items() if k != "events"} == listed
    then = till.get(f"/v1/payments/{payment_id}", as_of=before)
    assert (then["status"], len(then["events"])) == ("authorised", 2)
    problem_of(till.api.get("/v1/payments/none"), 404, "not_found")


def test_the_timeline_of_an_order_shows_its_payments_with_amounts(till: Till) -> None:
    order_id = till.order()
    payment_id = till.pay(order_id)
    before = till.position
    path = f"/v1/orders/{order_id}/payments/{payment_id}"
    till.do(f"{path}/capture", {"amount": "0.70"})
    till.do(f"{path}/refund", {"amount": "0.20", "reason": "late"})
    story = till.get(f"/v1/orders/{order_id}/timeline")["items"]
    of_order = [i["text"] for i in story if i["event"] == "order.payment_progressed.v1"]
    own = [i["text"] for i in story if i["event"].startswith("payment.")]
    assert own == [
        "Payment of 1.00 GBP requested from manual",
        "1.00 GBP authorised",
        "Capture of 0.70 GBP requested",
        "0.70 GBP captured",
        "Refund of 0.20 GBP requested; reason: late",
        "0.20 GBP refunded",
    ]
    assert of_order == [
        f"Payment {payment_id} by manual is authorised: 1.00 GBP authorised",
        f"Payment {payment_id} by manual is partially captured: 0.30 GBP authorised, 0.70 GBP"
        " captured",
        f"Payment {payment_id} by manual is partially refunded: 0.30 GBP authorised, 0.70 GBP"
        " captured, 0.20 GBP refunded",
    ]
    assert [i["position"] for i in story] == sorted(i["position"] for i in story)
    events = till.get(f"/v1/orders/{order_id}/events")["items"]
    assert {e["position"] for e in events} == {i["position"] for i in story}
    assert sum(e["stream"] == f"payment-{payment_id}" for e in events) == len(own)
    then = till.get(f"/v1/orders/{order_id}/timeline", as_of=before)["items"]
    assert then == [i for i in story if i["position"] <= before]


def test_a_key_that_is_bound_to_channels_sees_the_payments_of_these(oms: Oms, till: Till) -> None:
    mine, foreign = till.order(channel="Web"), till.order(channel="store")
    paid, hidden = till.pay(mine), till.pay(foreign)
    assert till.listed() == [hidden, paid]
    key = oms.api_keys.create("webshop", "channel", channels=["web"])
    with Api(create_app(oms), key=key) as bound:
        own = Till(bound)
        assert own.listed() == [paid]
        assert own.listed(order=foreign) == []
        assert own.get(f"/v1/payments/{paid}")["order_id"] == mine
        assert len(own.get(f"/v1/orders/{mine}/payments")["items"]) == 1
        for path in (f"/v1/payments/{hidden}", f"/v1/orders/{foreign}/payments"):
            for params in ({}, {"as_of": till.position}):
                problem_of(bound.get(path, params=params), 404, "not_found")
