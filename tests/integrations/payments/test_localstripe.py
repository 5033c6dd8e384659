"""The program beside localstripe: over HTTP from the order to the refund, and webhooks back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.databases import temporary_database
from tests.integrations.payments import localstripe
from tests.serving.family import ADMIN_KEY, client, serving, until
from tests.serving.shop import location, place, receive

pytestmark = pytest.mark.long

VISA = "4242424242424242"
SECURE = "4000002500003155"
DECLINED = "4000000000000341"
SECRET = "whsec_of_the_tests"


@dataclass(frozen=True, slots=True)
class Shop:
    http: httpx.Client
    stripe: httpx.Client

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def pay(self, number: str, capture: str = "manual") -> str:
        """Request a payment of an order by a card; the path of the payment."""
        order = place(self.http, ("MUG", 10))
        body = {
            "provider": "stripe",
            "amount": order["total"],
            "capture": capture,
            "method_token": localstripe.card(self.stripe, number),
        }
        path = f"/v1/orders/{order['order_id']}/payments"
        return f"{path}/{self.post(path, body)['payment_id']}"

    def until(self, path: str, status: str) -> dict[str, Any]:
        payment_id = path.rpartition("/")[2]

        def payment() -> dict[str, Any]:
            answer = self.http.get(f"/v1/payments/{payment_id}")
            return dict(answer.json()) if answer.status_code == 200 else {"status": None}

        until(lambda: payment()["status"] == status, f"{payment_id} is {status}: {payment()}")
        return payment()

    def refunds(self, intent_id: str) -> list[int]:
        answer = self.stripe.get("/v1/refunds", params={"payment_intent": intent_id})
        return [each["amount"] for each in answer.json()["data"] if each["metadata"]]

    def intents(self) -> list[dict[str, Any]]:
        return list(self.stripe.get("/v1/payment_intents", params={"limit": 100}).json()["data"])

    def intent(self, path: str) -> dict[str, Any]:
        payment_id = path.rpartition("/")[2]
        made = [i for i in self.intents() if i["metadata"].get("oms_payment") == payment_id]
        assert len(made) == 1
        return made[0]


@pytest.fixture(scope="module")
def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    output = tmp_path_factory.mktemp("stripe")
    with localstripe.running(output) as stripe_url, temporary_database(server) as database:
        environment = {
            "OMS_DATABASE_URL": database,
            "OMS_ADMIN_KEY": ADMIN_KEY,
            "OMS_DEVELOPMENT_URLS": stripe_url,
        }
        with serving(environment, output) as (_, url), client(url) as http:
            stripe = localstripe.client(stripe_url)
            location(http, "LON")
            receive(http, ("MUG", "LON", 1000))
            options = {"action_page": "https://shop.example/confirm"}
            body = {"vendor": "stripe", "base_url": stripe_url, "options": options}
            assert http.put("/v1/connections/acme", json=body).status_code == 200
            secrets = {"api_key": localstripe.KEY, "webhook_secret": SECRET}
            path = "/v1/connections/acme/secrets"
            until(lambda: http.put(path, json=secrets).status_code == 200, "it has secrets")
            hook = {"url": f"{url}/v1/inbox/acme", "secret": SECRET}
            assert stripe.post("/_config/webhooks/oms", data=hook).status_code == 200
            yield Shop(http, stripe)


def test_the_connection_answers(shop: Shop) -> None:
    assert shop.post("/v1/connections/acme/test", {})["ok"] is True


def test_authorised_captured_and_refunded(shop: Shop) -> None:
    path = shop.pay(VISA)
    shop.until(path, "authorised")
    intent = shop.intent(path)
    assert (intent["status"], intent["amount"]) == ("requires_capture", 2550)
    shop.post(f"{path}/capture", {"amount": "20.00", "final": True})
    payment = shop.until(path, "captured")
    assert payment["captured"] == "20.00"
    assert shop.intent(path)["status"] == "succeeded"
    shop.post(f"{path}/refund", {"amount": "5.00", "reason": "damaged"})
    payment = shop.until(path, "partially_refunded")
    assert payment["refunded"] == "5.00"
    assert shop.refunds(intent["id"]) == [500]


def test_confirmed_by_the_buyer_and_reported_by_a_webhook(shop: Shop) -> None:
    """3-D Secure: the buyer is sent to the shop's page; Stripe tells us when it is done."""
    path = shop.pay(SECURE, capture="automatic")
    payment = shop.until(path, "requires_action")
    assert payment["action"]["url"].startswith("https://shop.example/confirm?payment_intent=pi_")
    intent = shop.intent(path)
    form = {"client_secret": intent["client_secret"], "success": "true"}
    done = shop.stripe.post(f"/v1/payment_intents/{intent['id']}/_authenticate", data=form)
    assert done.status_code == 200, done.text
    assert shop.until(path, "captured")["captured"] == "25.50"
    inbox = shop.http.get("/v1/inbox", params={"connection": "acme"}).json()["items"]
    assert any(each["state"] == "done" for each in inbox)


def test_a_declined_card(shop: Shop) -> None:
    path = shop.pay(DECLINED)
    shop.until(path, "failed")


def test_released(shop: Shop) -> None:
    path = shop.pay(VISA)
    shop.until(path, "authorised")
    shop.post(f"{path}/void", {"reason": "changed their mind"})
    shop.until(path, "voided")
    assert shop.intent(path)["status"] == "canceled"


def test_too_much_is_refused_by_the_ledger(shop: Shop) -> None:
    """localstripe would refund more than was captured."""
    path = shop.pay(VISA, capture="automatic")
    shop.until(path, "captured")
    refused = shop.http.post(f"{path}/refund", json={"amount": "30.00", "reason": "damaged"})
    assert (refused.status_code, refused.json()["code"]) == (409, "over_refund")
    again = shop.http.post(f"{path}/capture", json={"amount": "1.00"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_capture")
    assert shop.refunds(shop.intent(path)["id"]) == []


def test_a_forged_message_is_refused(shop: Shop) -> None:
    body = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1}'
    headers = {"stripe-signature": "t=1,v1=00"}
    assert shop.http.post("/v1/inbox/acme", content=body, headers=headers).status_code == 401
