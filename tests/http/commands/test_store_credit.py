"""Store credit over HTTP: spends at the same moment, and what is left of it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order

ANN = {"id": "ann", "name": "Ann Onlyhere", "email": "ann@example.org"}
ISSUE = {"amount": "5.00", "currency": "GBP", "reason": "goodwill"}


def placed(api: Api, **more: Any) -> str:
    order_id: str = posted(api, "/v1/orders", order(2, customer=ANN, **more), 201)["order_id"]
    return order_id


def test_of_many_spends_at_the_same_moment_one_is_made(shop: Api) -> None:
    """Of 5.00, which pays one of five payments of 4.00, of five orders."""
    posted(shop, "/v1/store-credit/ann/issue", ISSUE)
    paths = [f"/v1/orders/{placed(shop)}/payments" for _ in range(5)]
    body = {"provider": "store_credit", "amount": "4.00", "capture": "automatic"}
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda path: shop.post(path, body), paths))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"insufficient_credit"}
    account = shop.get("/v1/store-credit/ann").json()
    assert (account["balance"], account["spent"]) == ("1.00", "4.00")
    assert [each["change"] for each in account["movements"]] == ["-4.00", "5.00"]


def test_a_cancelled_order_gives_it_back_and_forgetting_keeps_the_figures(shop: Api) -> None:
    posted(shop, "/v1/store-credit/ann/issue", ISSUE)
    path = f"/v1/orders/{placed(shop)}"
    body = {"provider": "store_credit", "amount": "5.00", "capture": "automatic"}
    posted(shop, f"{path}/payments", body, 201)
    posted(shop, f"{path}/cancel", {"reason": "customer"})
    posted(shop, f"{path}/refund", {"reason": "cancelled"})
    posted(shop, "/v1/customers/ann/forget", {"reason": "request"})
    answer = shop.get("/v1/store-credit/ann")
    assert "Onlyhere" not in answer.text
    account = answer.json()
    figures = [account[name] for name in ("balance", "issued", "spent", "returned")]
    assert figures == ["5.00", "5.00", "5.00", "5.00"]
    kinds = [(each["type"], each["change"]) for each in account["movements"]]
    assert kinds == [("returned", "5.00"), ("spent", "-5.00"), ("issued", "5.00")]
    (newest,) = shop.get("/v1/store-credit/ann", params={"limit": 1}).json()["movements"]
    assert newest["type"] == "returned"


def test_an_account_that_is_not_there(shop: Api) -> None:
    assert shop.get("/v1/store-credit/nobody").json()["code"] == "not_found"


def test_the_same_issue_sent_twice_is_one(shop: Api) -> None:
    key = {"Idempotency-Key": "issue-1"}
    first = shop.post("/v1/store-credit/ann/issue", ISSUE, headers=key)
    again = shop.post("/v1/store-credit/ann/issue", ISSUE, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json() == again.json()
    assert shop.get("/v1/store-credit/ann").json()["balance"] == "5.00"
