"""The number of a gift is a secret: it is in no place in clear, whatever was done with it, while
the same search detects it everywhere if it is neither hashed nor sealed."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from oms_commands.payments.request import RequestPayment
from oms_commands.store_credit.issue import IssueStoreCredit
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import build_command
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.http.app import create_app
from oms_ledger.kernel import Command
from oms_ledger.privacy import postgres as statements
from oms_ledger.privacy import sealer
from oms_ledger.privacy.crypto import DataKey, LedgerKey
from oms_ledger.testing import replace
from tests.databases import Database
from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order
from tests.privacy.everywhere import PROGRAM_LOG, places_with
from tests.privacy.test_no_trace import database_to_search, oms, shop

__all__ = ["oms", "shop"]

SOLD, FOR_A_RETURN, GUESSED = "Zqgift-4411-0923-7788", "Zqback-5522-1034-8899", "Zqguess-1-2-3"
NUMBERS = (SOLD, FOR_A_RETURN, GUESSED)
ISSUE = {"amount": "5.00", "currency": "GBP", "reason": "sold"}
PAY = {"provider": "store_credit", "amount": "4.00", "capture": "automatic"}


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[Database]:
    """On a server of its own for a test that names the database, to search all of it."""
    if "postgres" in signature(request.function).parameters:
        with database_to_search() as database:
            yield database
    else:
        yield request.getfixturevalue("ready")


def placed(api: Api) -> str:
    lines = [{"sku": "A", "quantity": 1, "unit_price": "4.00"}]
    made = posted(api, "/v1/orders", order(2, lines=lines, confirm=True), 201)
    return f"/v1/orders/{made['order_id']}"


def lived(oms: Oms, api: Api) -> str:
    """All that can be done with numbers: issued twice under a key, as a dry run and in a batch;
    looked up; spent, refunded, given for a return; guessed and refused. Returns the account that
    was sold."""
    once = {"headers": {"Idempotency-Key": "issue-1"}}
    for _ in range(2):
        sent = api.post(f"/v1/store-credit/{SOLD}/issue", ISSUE, **once)
        assert sent.status_code == 200, sent.text
    dry = api.post(f"/v1/store-credit/{GUESSED}/issue?dry_run=true", ISSUE)
    assert (dry.status_code, len(dry.json()["events"])) == (200, 1)
    again = {"name": "IssueStoreCredit", "account": SOLD, **ISSUE}
    assert posted(api, "/v1/commands:batch", {"commands": [again]})["results"][0]["status"] == 200
    assert api.get(f"/v1/store-credit/{SOLD}").json()["account_number"] == SOLD
    assert api.get(f"/v1/store-credit/{SOLD}", params={"as_of": 10**3}).status_code == 422
    path = placed(api)
    guess = {"headers": {"Idempotency-Key": "guess-1"}}
    for _ in range(2):
        refused = api.post(f"{path}/payments", {**PAY, "account": GUESSED}, **guess)
        assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_credit")
    paid = posted(api, f"{path}/payments", {**PAY, "account": SOLD}, 201)
    posted(api, f"{path}/payments/{paid['payment_id']}/refund", {"amount": "1.00", "reason": "x"})
    parcel = posted(api, f"{path}/shipments", {"location": "LON"}, 201)
    posted(api, f"/v1/shipments/{parcel['shipment_id']}/dispatch", {})
    posted(api, f"/v1/shipments/{parcel['shipment_id']}/deliver", {})
    back = {"lines": [{"line_id": "1", "quantity": 1, "reason": "small"}], "approve": True}
    to = {"resolution": "store_credit", "account": FOR_A_RETURN}
    return_id = posted(api, f"{path}/returns", {**back, **to}, 201)["return_id"]
    came = [{"line_id": "1", "quantity": 1, "condition": "resellable", "location": "LON"}]
    posted(api, f"/v1/returns/{return_id}/receive", {"lines": came})
    posted(api, f"/v1/returns/{return_id}/refund", {})
    assert api.get(f"/v1/store-credit/{GUESSED}").status_code == 404
    oms.rebuilds.complete(oms.rebuilds.request(["payments", "returns"]))
    account: str = api.get(f"/v1/store-credit/{SOLD}").json()["account"]
    return account


def test_no_number_is_in_clear_anywhere(
    oms: Oms, shop: Api, postgres: Database, tmp_path: Path
) -> None:
    account = lived(oms, shop)
    assert places_with(oms, shop, postgres, tmp_path, *NUMBERS) == {"answer /v1/events"}
    places = places_with(oms, shop, postgres, tmp_path, account)
    assert {"table ledger_events", "export", "dump"} <= places, "the search detects what is there"
    back = shop.get(f"/v1/store-credit/{FOR_A_RETURN}").json()
    assert (back["account_number"], back["account_ending"]) == (FOR_A_RETURN, "8899")
    log = shop.get("/v1/audit/access").json()["items"]
    shown = [each for each in log if each["route"].endswith("/v1/store-credit/{account}")]
    assert [account] in [each["subjects"] for each in shown]


def test_without_hashing_and_sealing_it_is_everywhere(
    oms: Oms, shop: Api, postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that the search above detects what is there. The logs are the exception: no number is
    logged in any case."""

    def as_it_is(command: Command, key: DataKey) -> Command:
        return command

    def name_itself(self: LedgerKey, name: str) -> str:
        return name

    monkeypatch.setattr(sealer, "sealed_with", as_it_is)
    monkeypatch.setattr(LedgerKey, "account", name_itself)
    lived(oms, shop)
    places = places_with(oms, shop, postgres, tmp_path, SOLD)
    assert {"table ledger_events", "table snapshots", "table subject_keys"} <= places
    assert {"dump", "export", "answer /v1/events"} <= places
    assert SOLD not in (tmp_path / PROGRAM_LOG).read_text("utf-8")


def without_pii(oms: Oms) -> str:
    """An API key of a web shop."""
    scopes = ("orders:read", "orders:write", "payments:write", "audit:read")
    return oms.api_keys.create("shop", None, scopes)


def test_readers_without_the_right_get_the_ending_alone(oms: Oms, shop: Api) -> None:
    posted(shop, f"/v1/store-credit/{SOLD}/issue", ISSUE)
    with Api(create_app(oms), without_pii(oms)) as reader:
        answer = reader.get(f"/v1/store-credit/{SOLD}").json()
        assert (answer["account_number"], answer["account_ending"]) == ("***", "7788")
        issued = reader.post(f"/v1/store-credit/{SOLD}/issue", ISSUE)
        assert (issued.json()["account_number"], issued.json()["balance"]) == ("***", "10.00")
        assert SOLD not in reader.get("/v1/events").text


def test_the_key_of_an_account_finds_it_and_pays_nothing(shop: Api) -> None:
    """Keys stand in events, so that all who read those could spend gifts otherwise."""
    account = posted(shop, f"/v1/store-credit/{SOLD}/issue", ISSUE)["account"]
    assert account.startswith("account:")
    assert SOLD not in account
    assert shop.get(f"/v1/store-credit/{account}").json()["balance"] == "5.00"
    assert posted(shop, f"/v1/store-credit/{account}/issue", ISSUE)["balance"] == "10.00"
    refused = shop.post(f"{placed(shop)}/payments", {**PAY, "account": account})
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_credit")
    of_that_name = order(1, customer={"id": account}, external_id="key-as-id")
    path = f"/v1/orders/{posted(shop, '/v1/orders', of_that_name, 201)['order_id']}"
    own = shop.post(f"{path}/payments", {**PAY, "amount": "1.00"})
    assert (own.status_code, own.json()["code"]) == (409, "insufficient_credit")
    assert shop.get(f"/v1/store-credit/{account}").json()["balance"] == "10.00"


def test_names_are_compared_as_they_are_written(shop: Api) -> None:
    posted(shop, f"/v1/store-credit/{SOLD}/issue", ISSUE)
    assert shop.get(f"/v1/store-credit/{SOLD.upper()}").status_code == 404
    composed, decomposed = "Zqcaf\u00e9-1", "Zqcafe\u0301-1"
    posted(shop, f"/v1/store-credit/{decomposed}/issue", ISSUE)
    assert posted(shop, f"/v1/store-credit/{composed}/issue", ISSUE)["balance"] == "10.00"
    assert shop.get(f"/v1/store-credit/{decomposed}").json()["balance"] == "10.00"


# Ledgers of before.


@pytest.fixture
def named(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts of before names were hashed: of a gift, of a customer, and two whose names look like
    keys."""

    def as_they_are(submissions: Any) -> Any:
        return list(submissions)

    with monkeypatch.context() as patch:
        patch.setattr(oms.bus.subjects, "resolve_commands", as_they_are)
        patch.setattr(oms.bus.sealer, "seal", as_they_are)
        for name in ("gift-7-old", "ann", "account:old", "accounts"):
            command = build_command(IssueStoreCredit, {**ISSUE, "account": name})
            oms.bus.execute(command, actor="test")


def test_accounts_of_before_go_on(oms: Oms, shop: Api, named: None) -> None:
    path = placed(shop)
    for name in ("gift-7-old", "account:old", "accounts"):
        answer = shop.get(f"/v1/store-credit/{name}").json()
        ending = answer["account"].removeprefix("***")
        assert (answer["balance"], ending) == ("5.00", name[-len(ending) :])
        assert len(ending) < len(name) / 2
        pay = {**PAY, "amount": "1.00", "account": name}
        assert posted(shop, f"{path}/payments", pay, 201)["status"] == "captured"
    more = posted(shop, "/v1/store-credit/gift-7-old/issue", ISSUE)
    assert (more["balance"], more["account_number"]) == ("9.00", "gift-7-old")
    anns = posted(shop, "/v1/orders", order(9, customer={"id": "ann"}), 201)
    own = {**PAY, "amount": "1.00"}
    paid = posted(shop, f"/v1/orders/{anns['order_id']}/payments", own, 201)
    assert paid["status"] == "captured"
    assert shop.get("/v1/store-credit/ann").json()["spent"] == "1.00"
    assert posted(shop, f"/v1/store-credit/{SOLD}/issue", ISSUE)["account"].startswith("account:")


def test_no_name_is_sent_to_a_database_without_such_accounts(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(*arguments: object) -> bool:
        raise AssertionError("a name in clear is a parameter of a statement")

    monkeypatch.setattr(statements, "has_stream", looked_up)
    posted(shop, f"/v1/store-credit/{SOLD}/issue", ISSUE)
    assert shop.get(f"/v1/store-credit/{SOLD}").json()["balance"] == "5.00"


# The own account of an order's customer.


def test_an_order_and_its_payment_in_one_batch(shop: Api) -> None:
    """The order is not in the ledger when the account is resolved: its customer must be named."""
    posted(shop, "/v1/store-credit/ann/issue", ISSUE)
    first = posted(shop, "/v1/orders", order(1, customer={"id": "ann"}), 201)
    new = order(2, customer={"id": "ann"}, external_id="batch-1")
    order_id = order_id_for(new["channel"], new["external_id"], "")
    assert order_id != first["order_id"]
    pay = {"name": "RequestPayment", "order_id": order_id, **PAY, "amount": "1.00"}
    commands = [{"name": "PlaceOrder", **new}, pay, {**pay, "account": "ann"}]
    results = posted(shop, "/v1/commands:batch", {"commands": commands})["results"]
    assert [each["status"] for each in results] == [201, 422, 201]
    assert results[1]["problem"]["errors"][0]["field"] == "account"
    assert shop.get("/v1/store-credit/ann").json()["spent"] == "1.00"


def test_the_customer_of_the_order_is_another_by_now(oms: Oms, shop: Api) -> None:
    """Resolved before the edit and decided after it: the first customer's account pays nothing."""
    posted(shop, "/v1/store-credit/ann/issue", ISSUE)
    placed_ = posted(shop, "/v1/orders", order(3, customer={"id": "ann"}), 201)
    path = f"/v1/orders/{placed_['order_id']}"
    body = {"order_id": placed_["order_id"], **PAY, "amount": "1.00"}
    command = build_command(RequestPayment, body)
    (early,) = oms.bus.sealed([Submission(command, new_context("test"))])
    change = {"type": "set_customer", "customer": {"id": "bob"}}
    posted(shop, f"{path}/edit", {"changes": [change]})
    with pytest.raises(Invalid):
        oms.bus.writer.submit(replace(early, ctx=new_context("test"))).result()
    assert shop.get("/v1/store-credit/ann").json()["spent"] == "0.00"
