"""API keys that are bound to channels: every route and every command, with what belongs to another
channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from oms_commands import COMMANDS
from oms_ledger.access.roles import ADMIN, PUBLIC, SCOPES
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Invalid
from oms_ledger.http.app import create_app
from oms_ledger.http.endpoint import Endpoint
from oms_ledger.kernel import Command
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of

EVERY_SCOPE = tuple(scope for scope in SCOPES if scope != ADMIN)

QUERY_STRINGS = ("", "as_of={position}", "channel=Store", "q=STORE", "q=FOREIGN", "customer=anna",
    "group_by=channel&from=2020-01-01", "group_by=none", "order_id={order_id}", "sort=number",
    "order_id={order_id}&as_of={position}", "count=true", "external_id=FOREIGN-1",
    "location=LON&late=false", "happened_by=2100-01-01")  # fmt: skip
"""What is tried at every route; parameters that a route does not know are refused there."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What would show an order of another channel, and where it can be named in a path."""

    names: dict[str, str]
    position: int

    def filled(self, text: str) -> str:
        names = {**self.names, "position": str(self.position)}
        return re.sub(r"{(\w+)(?::path)?}", lambda match: names.get(match[1], "x"), text)

    def leaks_in(self, response: httpx.Response, path: str) -> list[str]:
        """The names of what the answer contains and the request did not."""
        return [
            name
            for name, value in self.names.items()
            if name in SECRET and value in response.text and value not in path
        ]


SECRET = frozenset(
    {
        "draft_id",
        "reservation_id",
        "message_id",
        "order_id",
        "order_number",
        "external_id",
        "shipment_id",
        "fulfilment_id",
        "hold_id",
        "payment_id",
        "return_id",
        "case_id",
    }
    | {"tracking_number", "tracking_token"}
)


ANNA = {"id": "anna", "name": "Anna Foreign", "email": "anna@foreign.example"}


def place(api: Api, channel: str, **fields: Any) -> dict[str, Any]:
    body = {**order(2, customer=ANNA), "channel": channel}
    response = api.post("/v1/orders", {**body, **fields})
    assert response.status_code == 201, response.text
    placed: dict[str, Any] = response.json()
    return placed


def dispatched(api: Api, order_id: str, tracking_number: str) -> str:
    """The id of a shipment of the order, which has left."""
    assert api.post(f"/v1/orders/{order_id}/confirm").status_code == 200
    made = api.post(f"/v1/orders/{order_id}/shipments", {"location": "LON"})
    shipment_id: str = made.json()["shipment_id"]
    body = {"tracking_number": tracking_number}
    assert api.post(f"/v1/shipments/{shipment_id}/dispatch", body).status_code == 200
    return shipment_id


@pytest.fixture
def foreign(shop: Api) -> Traces:
    """An order of the channel Store that was on hold, with a shipment that has left."""
    placed = place(shop, "Store", external_id="FOREIGN-1")
    order_id = placed["order_id"]
    hold_id = shop.post(f"/v1/orders/{order_id}/hold", {"reason": "other"}).json()["hold_id"]
    assert shop.post(f"/v1/orders/{order_id}/holds/{hold_id}/release").status_code == 200
    shipment_id = dispatched(shop, order_id, "FOREIGNTRACK")
    payment = {"provider": "manual", "amount": "1.00", "capture": "automatic"}
    paid = shop.post(f"/v1/orders/{order_id}/payments", payment).json()
    lines = [{"line_id": "1", "quantity": 1, "reason": "Too small"}]
    returned = shop.post(f"/v1/orders/{order_id}/returns", {"lines": lines})
    assert returned.status_code == 201, returned.text
    draft = {"channel": "Store", "external_id": "FOREIGN-1", "customer": {"id": "anna"}}
    draft_id = shop.post("/v1/drafts", draft).json()["draft_id"]
    reserve = {"lines": [{"sku": "A", "quantity": 1}], "expires_in_s": 600, "channel": "Store"}
    reservation_id = shop.post("/v1/reservations", reserve).json()["reservation_id"]
    message = shop.post(f"/v1/orders/{order_id}/messages", {"template": "shipped"}).json()
    case = shop.post(f"/v1/shipments/{shipment_id}/cases", {"kind": "lost"}).json()
    position = int(shop.get("/v1/events").headers["ledger-position"])
    shown = shop.get(f"/v1/shipments/{shipment_id}?min_position={position}&wait_ms=9000").json()
    shop.get(f"/v1/orders/{order_id}?min_position={position}&wait_ms=9000")
    names = {
        "draft_id": draft_id,
        "reservation_id": reservation_id,
        "message_id": message["message_id"],
        "case_id": case["case_id"],
        "order_id": order_id,
        "order_number": placed["order_number"],
        "external_id": "FOREIGN-1",
        "shipment_id": shipment_id,
        "fulfilment_id": f"{order_id}@LON",
        "payment_id": paid["payment_id"],
        "discrepancy_id": "none",
        "return_id": returned.json()["return_id"],
        "policy_name": "standard",
        "channel": "web",
        "rule_name": "big",
        "buyer": "anna",
        "account": "anna",
        "hold_id": hold_id,
        "tracking_number": "FOREIGNTRACK",
        "tracking_token": shown["tracking_token"],
        "customer_id": "anna",
        "sku": "A",
        "code": "LON",
        "name": "order_status",
        "level": "0",
        "index": "000.p/1",
    }
    return Traces(names, position)


@pytest.fixture
def bound(oms: Oms) -> Iterator[Api]:
    """A client whose key may do everything but administer, within the channel web."""
    key = oms.api_keys.create("webshop", None, EVERY_SCOPE, channels=["Web"])
    with Api(create_app(oms), key=key) as client:
        yield client


def endpoints(oms: Oms) -> list[Endpoint]:
    leaks = [each.endpoint for each in create_app(oms).routes if isinstance(each, Route)]
    return [each for each in leaks if isinstance(each, Endpoint)]


def test_no_get_route_shows_anything_of_another_channel(
    oms: Oms, shop: Api, bound: Api, foreign: Traces
) -> None:
    answered = set()
    for endpoint in endpoints(oms):
        if endpoint.method != "GET" or endpoint.scope == PUBLIC:
            continue
        for query in QUERY_STRINGS:
            path = foreign.filled(f"{endpoint.path}?{query}".rstrip("?"))
            if "/stream" in path:
                assert bound.get(path).status_code == 403, path
                continue
            response = bound.get(path)
            assert response.status_code < 500, (path, response.text)
            assert foreign.leaks_in(response, path) == [], (path, response.text)
            if re.search(
                "{(draft|reservation|message|order|shipment|case|return)_id}", endpoint.path
            ):
                assert response.status_code in (404, 422), (path, response.text)
            if response.status_code == 200:
                answered.add(endpoint.path)
                assert "Anna Foreign" not in response.text, path
    assert answered == {
        "/v1/orders", "/v1/payments", "/v1/customers/{customer_id}/orders", "/v1/shipments",
        "/v1/analytics/shipping", "/v1/stock", "/v1/stock/{sku}", "/v1/products",
        "/v1/products/{sku}", "/v1/locations", "/v1/locations/{code}",
        "/v1/drafts", "/v1/returns", "/v1/return-policies", "/v1/channels", "/v1/hold-rules",
        "/v1/routing/{channel}", "/v1/messages", "/v1/cases", "/v1/reservations", "/v1/incoming",
        "/v1/stock/{sku}/promise", "/v1/fulfilments",
        "/v1/preorders", "/v1/stock-alerts", "/v1/analytics/fulfilment",
        "/v1/analytics/orders", "/v1/analytics/payments", "/v1/analytics/returns",
    }  # fmt: skip


def test_the_same_requests_show_it_to_a_key_that_is_bound_to_none(
    oms: Oms, shop: Api, foreign: Traces
) -> None:
    """Otherwise the test above would look for what is never there."""
    leaks: set[str] = set()
    for endpoint in endpoints(oms):
        if endpoint.method == "GET" and "/stream" not in endpoint.path:
            for query in QUERY_STRINGS:
                path = foreign.filled(f"{endpoint.path}?{query}".rstrip("?"))
                leaks.update(foreign.leaks_in(shop.get(path), path))
    assert leaks == SECRET


def test_figures_and_sums_count_the_orders_of_the_channel_alone(
    shop: Api, bound: Api, foreign: Traces
) -> None:
    mine = [place(shop, channel) for channel in ("web", "WEB", "Web")]
    newest = dispatched(shop, mine[0]["order_id"], "MYTRACK")
    wait = f"min_position={shop.get('/v1/events?limit=1').headers['ledger-position']}&wait_ms=9000"
    listed = bound.get(f"/v1/orders?count=true&{wait}").json()
    assert {each["order_id"] for each in listed["items"]} == {each["order_id"] for each in mine}
    assert listed["count"] == 3
    shipments = bound.get(f"/v1/shipments?{wait}").json()["items"]
    assert [each["shipment_id"] for each in shipments] == [newest]
    (row,) = bound.get(f"/v1/analytics/shipping?group_by=none&{wait}").json()["rows"]
    assert (row["orders"], row["shipments"], row["units"]) == (3, 1, 2)
    (row,) = bound.get(f"/v1/analytics/orders?group_by=channel&{wait}").json()["rows"]
    assert (row["group"], row["orders"]) == ("web", 3)
    assert len(bound.get(f"/v1/customers/anna/orders?{wait}").json()["items"]) == 3
    for path in ("", "/timeline", "/events", "?as_of=2100-01-01"):
        assert bound.get(f"/v1/orders/{mine[0]['order_id']}{path}").status_code == 200
    assert bound.get(f"/v1/shipments/{newest}").status_code == 200


def test_an_order_cannot_use_a_reservation_of_another_channel(
    bound: Api, shop: Api, foreign: Traces
) -> None:
    body = {**order(1), "reservation_id": foreign.names["reservation_id"]}
    refused = bound.post("/v1/orders", body)
    assert refused.status_code in (403, 404), refused.text
    assert foreign.leaks_in(refused, str(body)) == []
    own = {"lines": [{"sku": "A", "quantity": 1}], "expires_in_s": 60, "channel": "web"}
    reserved = bound.post("/v1/reservations", own)
    assert reserved.status_code == 201, reserved.text
    used = {**order(1), "channel": "web", "reservation_id": reserved.json()["reservation_id"]}
    assert bound.post("/v1/orders", used).status_code == 201


def bodies(command: type[Command]) -> dict[str, Any]:
    """A valid body of the command."""
    body = dict(command.example)
    if command.name == "PlaceOrder":
        body = {**order(), "channel": "Store", "external_id": "FOREIGN-1"}
    if command.name == "CreateReservation":
        body["channel"] = "Store"
    if command.name == "CreateShipment":
        body = {"location": "LON"}
    return body


def test_no_command_changes_or_shows_anything_of_another_channel(
    shop: Api, bound: Api, foreign: Traces
) -> None:
    """Alone, in batches, as a dry run, under an idempotency key and with a version."""
    for command in COMMANDS.values():
        body, route = bodies(command), command.route
        path = foreign.filled(route.path)
        named = {
            name: foreign.names.get(name, "none") for name in re.findall(r"{(\w+)}", route.path)
        }
        item = {"name": command.name, **named, **body}
        if "name" in body:
            item["name_"] = body["name"]
            item["name"] = command.name
        versions = {"If-Match": '"1"'} if "{order_id}" in route.path else {}
        for _ in range(2):  # the second time it is a replay
            key = {"Idempotency-Key": f"once-{command.name}"}
            for answer in (
                bound.send(route.method, path, json=body),
                bound.send(route.method, f"{path}?dry_run=true", json=body),
                bound.send(route.method, path, json=body, headers=key),
                bound.send(route.method, path, json=body, headers=versions),
            ):
                unassigned = "is at version 0" in answer.text  # as where nothing was placed
                assert answer.status_code in (403, 404) or unassigned, (command.name, answer.text)
                assert foreign.leaks_in(answer, f"{path} {body}") == [], answer.text
            batch = bound.post("/v1/commands:batch", {"commands": [item]})
            (result,) = batch.json()["results"]
            assert result["status"] in (403, 404), (command.name, batch.text)
            assert foreign.leaks_in(batch, str(item)) == [], batch.text
    many = bound.post("/v1/orders:batch", {"orders": [bodies(COMMANDS["PlaceOrder"])]})
    assert many.json()["results"][0]["status"] == 403, many.text
    assert int(shop.get("/v1/events").headers["ledger-position"]) == foreign.position


def test_parts_of_another_channels_order_are_not_of_an_own_one(
    shop: Api, bound: Api, foreign: Traces
) -> None:
    mine = place(bound, "web")["order_id"]
    refund = {"amount": "1.00", "reason": "other"}
    for path, body in (
        ("holds/{hold_id}/release", {}),
        ("payments/{payment_id}/refund", {**COMMANDS["RefundPayment"].example, **refund}),
    ):
        answer = bound.post(foreign.filled(f"/v1/orders/{mine}/{path}"), body)
        assert answer.status_code == 404, answer.text


def test_the_order_of_another_channel_is_answered_as_a_missing_one(
    shop: Api, bound: Api, foreign: Traces
) -> None:
    for path in (
        "/v1/orders/{order_id}/cancel",
        "/v1/orders/{order_id}/hold",
        "/v1/orders/{order_id}/holds/{hold_id}/release",
        "/v1/orders/{order_id}/confirm",
    ):
        there = bound.post(foreign.filled(path), {"reason": "other"})
        nowhere = foreign.filled(path.replace("{order_id}", "nowhere"))
        missing = bound.post(nowhere, {"reason": "other"})
        assert there.status_code == missing.status_code
        order_id = foreign.names["order_id"]
        assert there.text.replace(order_id, "nowhere") == missing.text


def test_orders_of_the_channel_are_placed_and_worked_on(shop: Api, bound: Api) -> None:
    placed = place(bound, "WEB", external_id="1")
    order_id = placed["order_id"]
    again = bound.post("/v1/orders", {**order(2), "channel": "web", "external_id": "1"})
    assert again.status_code in (200, 409)
    held = bound.post(f"/v1/orders/{order_id}/hold", {"reason": "other"}).json()["hold_id"]
    assert bound.post(f"/v1/orders/{order_id}/holds/{held}/release").status_code == 200
    shipment_id = dispatched(bound, order_id, "T1")
    assert bound.post(f"/v1/shipments/{shipment_id}/deliver").status_code == 200
    other = place(bound, "web")["order_id"]
    cancelled = bound.post(f"/v1/orders/{other}/cancel", {"reason": "customer"})
    assert cancelled.status_code == 200
    items = [{"name": "ConfirmOrder", "order_id": place(bound, "web")["order_id"]}]
    batch = bound.post("/v1/commands:batch", {"commands": items})
    assert batch.json()["results"][0]["status"] == 200


def test_a_refused_order_of_another_channel_names_the_reason(shop: Api, bound: Api) -> None:
    problem = problem_of(
        bound.post("/v1/orders", {**order(), "channel": "Store"}), 403, "forbidden"
    )
    assert "bound to channels: web" in problem["detail"]
    problem = problem_of(bound.get("/v1/events"), 403, "forbidden")
    assert "key:webshop is bound to channels: web" in problem["detail"]


def test_a_rotated_key_stays_bound(oms: Oms) -> None:
    oms.api_keys.create("webshop", "channel", channels=["web", "Web", "b2b"])
    oms.api_keys.rotate("webshop", timedelta(0))
    assert [key.channels for key in oms.api_keys.all()] == [("b2b", "web"), ("b2b", "web")]


@pytest.mark.parametrize("channel", ["", "two words", "a,b", "x" * 51])
def test_a_key_is_bound_to_channels_that_can_exist(oms: Oms, channel: str) -> None:
    with pytest.raises(Invalid, match="is no channel"):
        oms.api_keys.create("webshop", "channel", channels=[channel])
    with pytest.raises(Invalid, match="cannot be bound"):
        oms.api_keys.create("webshop", "admin", channels=["web"])
