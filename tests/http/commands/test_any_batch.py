"""Commands of any kinds in one request."""

from __future__ import annotations

from oms_ledger.app import Oms
from tests.http.commands.test_batch import statuses
from tests.http.commands.test_idempotency import head, key
from tests.http.conftest import Api
from tests.http.examples import Json, order
from tests.http.test_errors import fields, problem_of

PATH = "/v1/commands:batch"
RECEIPT: Json = {"name": "ReceiveStock", "sku": "A", "location": "LON", "quantity": 5}


def on_hand(api: Api) -> int:
    response = api.get(f"/v1/stock/A?min_position={head(api)}")
    units: int = response.json()["on_hand"]
    return units


def test_commands_of_several_kinds_are_decided_in_order(shop: Api) -> None:
    placed = shop.post("/v1/orders", order(1)).json()["order_id"]
    commands: list[object] = [
        {"name": "HoldOrder", "order_id": placed, "reason": "other"},
        {"name": "ConfirmOrder", "order_id": placed},
        {"name": "PlaceOrder", **order(2, external_id="b-1")},
        {"name": "PlaceOrder", **order(2, external_id="b-1")},
        RECEIPT,
        {"name": "CancelOrder", "order_id": "no-such-order", "reason": "other"},
        {"name": "CancelOrder", "order_id": placed, "reason": "whim"},
        {"name": "Destroy"},
        17,
    ]
    response = shop.post(PATH, {"commands": commands})
    body = response.json()
    assert statuses(body) == [200, 200, 201, 200, 200, 404, 422, 422, 422]
    assert body["results"][0]["answer"]["on_hold"] is True
    assert body["results"][1]["answer"]["status"]["order"] == "confirmed"
    assert body["results"][4]["answer"]["on_hand"] > 0
    wrong = [result["problem"]["errors"][0]["field"] for result in body["results"][6:8]]
    assert wrong == ["commands.6.reason", "commands.7.name"]
    assert body["position"] == head(shop)
    assert response.headers["ledger-position"] == str(body["position"])


def test_each_command_needs_its_own_scope(oms: Oms, shop: Api) -> None:
    """A channel may place orders and not receive stock."""
    commands = [{"name": "PlaceOrder", **order(1)}, RECEIPT]
    before = on_hand(shop)
    with Api(shop.app, key=oms.api_keys.create("web shop", "channel")) as channel:
        body = channel.post(PATH, {"commands": commands}).json()
    assert statuses(body) == [201, 403]
    assert "stock:write" in body["results"][1]["problem"]["detail"]
    assert on_hand(shop) == before


def test_a_key_is_needed(shop: Api) -> None:
    response = shop.send("POST", PATH, json={"commands": [RECEIPT]}, headers={"authorization": ""})
    problem_of(response, 401, "unauthenticated")


def test_the_key_of_the_request_covers_the_batch(shop: Api) -> None:
    once, before = {"headers": key("batch")}, on_hand(shop)
    first = shop.post(PATH, {"commands": [RECEIPT, RECEIPT]}, **once)
    again = shop.post(PATH, {"commands": [RECEIPT, RECEIPT]}, **once)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    other = shop.post(PATH, {"commands": [RECEIPT, RECEIPT, RECEIPT]}, **once)
    problem_of(other, 422, "idempotency_key_reused")
    assert on_hand(shop) == before + 10


def test_an_item_has_a_key_of_its_own(shop: Api) -> None:
    own = {**RECEIPT, "key": "receipt-1"}
    first = shop.post(PATH, {"commands": [own, RECEIPT]}, headers=key("one")).json()
    second = shop.post(PATH, {"commands": [RECEIPT, own]}, headers=key("two")).json()
    units = [each["answer"]["on_hand"] for each in (*first["results"], *second["results"])]
    assert units == [units[0], units[0] + 5, units[0] + 10, units[0]]
    changed = {**own, "quantity": 6}
    (result,) = shop.post(PATH, {"commands": [changed]}).json()["results"]
    assert result["problem"]["code"] == "idempotency_key_reused"
    (result,) = shop.post(PATH, {"commands": [{**RECEIPT, "key": "\n"}]}).json()["results"]
    assert result["problem"]["errors"][0]["field"] == "commands.0.key"


def test_a_field_called_name_is_written_with_an_underscore(shop: Api) -> None:
    place = {"name": "PutLocation", "code": "ROM", "name_": "Rome", "priority": 5}
    (result,) = shop.post(PATH, {"commands": [place]}).json()["results"]
    assert (result["status"], result["answer"]["name"]) == (200, "Rome")


def test_a_dry_run_writes_nothing(shop: Api) -> None:
    before = head(shop)
    body = shop.post(f"{PATH}?dry_run=true", {"commands": [RECEIPT]}).json()
    assert body["results"][0]["answer"]["events"][0]["type"].startswith("stock.received")
    assert head(shop) == before


def test_a_body_that_is_no_batch(shop: Api) -> None:
    bodies: list[Json] = [{}, {"commands": []}, {"commands": 1}, {"commands": [RECEIPT] * 1001}]
    for body in bodies:
        assert fields(problem_of(shop.post(PATH, body), 422, "invalid_fields")) == ["commands"]
    response = shop.post(PATH, {"commands": [RECEIPT], "more": 1})
    assert fields(problem_of(response, 422, "invalid_fields")) == ["more"]
