"""Two ledgers in one database: at no route of one does a key of the other open anything, and no
name of the other's things leads to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import httpx
import pytest
from starlette.routing import Route

from oms_ledger.access.roles import PUBLIC, SCOPES
from oms_ledger.app import Oms, open_prepared, prepare
from oms_ledger.http.app import create_app
from oms_ledger.http.endpoint import Endpoint
from oms_ledger.settings import Settings
from tests.http.conftest import Api, projecting, rounds
from tests.http.examples import order

ONLY_HERE = ("Onlyhere", "only-here")
"""A text in all records of the other ledger, and in no request."""

PAGES = [("GET", "/docs", PUBLIC), ("GET", "/openapi.json", PUBLIC)]


@dataclass(frozen=True, slots=True)
class Shop:
    """A ledger with something in it, and what its things are called."""

    oms: Oms
    key: str
    names: Mapping[str, str]

    def path(self, template: str) -> str:
        return re.sub(r"{(\w+)(?::path)?}", lambda match: self.names[match[1]], template)


def done(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, str] = answer.json()
    return body


def sent(api: Api, order_id: str) -> dict[str, str]:
    """A shipment of the order that has left, with the id of a case of it."""
    made = done(api.post(f"/v1/orders/{order_id}/shipments", {"location": "LOC-1"}))
    parcel = f"/v1/shipments/{made['shipment_id']}"
    done(api.post(f"{parcel}/dispatch"))
    case = done(api.post(f"{parcel}/cases", {"kind": "lost", "note": "only-here"}))
    return {**made, "case_id": case["case_id"]}


def warehoused(api: Api) -> dict[str, str]:
    """A delivery, a transfer, a count and a lot."""
    lines = [{"sku": "SKU-1", "quantity": 1}]
    due = "2027-01-01T00:00:00Z"
    coming = {"location": "LOC-1", "expected_at": due, "lines": lines, "reference": "only-here"}
    moving = {"from_location": "LOC-1", "to_location": "LOC-2", "lines": lines}
    counting = {"location": "LOC-1", "skus": ["SKU-1"], "reference": "only-here"}
    done(api.put("/v1/locations/LOC-2", {"name": "Onlyhere too"}))
    done(api.put("/v1/lots/SKU-1/LOT-1", {"status": "on_hold", "reason": "only-here"}))
    return {
        "inbound_id": done(api.post("/v1/inbound", coming))["inbound_id"],
        "transfer_id": done(api.post("/v1/transfers", moving))["transfer_id"],
        "count_id": done(api.post("/v1/counts", counting))["count_id"],
        "lot": "LOT-1",
    }


NAMES = {
    "policy_name": "p-1",
    "channel": "ch-1",
    "rule_name": "rule-1",
    "country": "XK",
    "buyer": "c-1",
    "connection": "conn-1",
    "job_id": "payments-1",
    "source": "effect:payments",
    "reference": "1",
    "account": "c-1",
    "sku": "SKU-1",
    "code": "LOC-1",
    "customer_id": "c-1",
    "name": "order_status",
    "level": "0",
    "index": "000",
}
"""What stands in the paths of routes in the place of their parameters, where no answer has it."""


@pytest.fixture
def other_ledger(oms: Oms) -> Iterator[Shop]:
    """The other ledger: an order of a customer, on its way."""
    key = oms.api_keys.create("other", "admin", SCOPES)
    town = {"line1": "Onlyhere Road 1", "city": "Onlyheretown", "country": "GB"}
    customer = {"id": "c-1", "name": "Ann Onlyhere", "email": "ann@onlyhere.example"}
    placing = order(
        2,
        "SKU-1",
        external_id="only-here-1",
        customer=customer,
        shipping_address={**town, "name": "Ann Onlyhere"},
    )
    with Api(create_app(oms), key=key) as api, projecting(oms):
        done(api.put("/v1/locations/LOC-1", {"name": "Onlyhere", "address": town}))
        done(api.put("/v1/products/SKU-1", {"title": "Onlyhere"}))
        stock = {"sku": "SKU-1", "location": "LOC-1", "quantity": 9, "reference": "only-here"}
        done(api.post("/v1/stock/receipts", stock))
        order_id = done(api.post("/v1/orders", placing))["order_id"]
        hold = done(api.post(f"/v1/orders/{order_id}/hold", {"reason": "only-here"}))
        done(api.post(f"/v1/orders/{order_id}/holds/{hold['hold_id']}/release"))
        done(api.post(f"/v1/orders/{order_id}/confirm"))
        paying = {"provider": "manual", "amount": "1.00"}
        paid = done(api.post(f"/v1/orders/{order_id}/payments", paying))
        blind = {"lines": [{"sku": "SKU-1", "quantity": 1, "reason": "only-here"}]}
        returned = done(api.post("/v1/returns", blind))
        made = sent(api, order_id)
        drafted = done(api.post("/v1/drafts", {**placing, "external_id": "only-here-2"}))
        reserving = {"lines": [{"sku": "SKU-1", "quantity": 1}], "expires_in_s": 600}
        reserved = done(api.post("/v1/reservations", {**reserving, "reference": "only-here"}))
        written = done(api.post(f"/v1/orders/{order_id}/messages", {"template": "placed"}))
        documents = warehoused(api)
        connection = {"vendor": "stripe", "options": {"action_page": "Onlyhere"}}
        done(api.put("/v1/connections/conn-1", connection))
        oms.audit.sealer().catch_up()
        names = {
            **NAMES,
            **documents,
            "order_id": order_id,
            "hold_id": hold["hold_id"],
            "fulfilment_id": f"{order_id}@LOC-1",
            "payment_id": paid["payment_id"],
            "discrepancy_id": "d-1",
            "return_id": returned["return_id"],
            "draft_id": drafted["draft_id"],
            "message_id": written["message_id"],
            "case_id": made["case_id"],
            "reservation_id": reserved["reservation_id"],
            "shipment_id": made["shipment_id"],
            "token": made["tracking_token"],
        }
        answer = api.get(f"/v1/orders/{order_id}", params={"min_position": made["position"]})
        assert all(each in answer.text for each in ONLY_HERE), "there is something to be found"
        yield Shop(oms, key, names)


@pytest.fixture
def this_ledger(settings: Settings) -> Iterator[Oms]:
    other = replace(settings, ledger="north", admin_key=None)
    assert other.database_url is not None
    prepare(other.database_url, other)
    with open_prepared(other) as opened, projecting(opened):
        yield opened


def served(oms: Oms) -> list[tuple[str, str, str]]:
    """Every route of the API: method, path, scope."""
    endpoints = [
        route.endpoint
        for route in create_app(oms).routes
        if isinstance(route, Route) and isinstance(route.endpoint, Endpoint)
    ]
    return [(each.method, each.path, each.scope) for each in endpoints] + PAGES


def stays_away(path: str) -> bool:
    """Streams do not end by themselves; what they send is what their routes without send."""
    return path.endswith("/stream")


def opens_nothing(
    api: Api, other_ledger: Shop, method: str, template: str, *, public: bool
) -> None:
    body: dict[str, str] | None = {} if method != "GET" else None
    answer = api.send(method, other_ledger.path(template), json=body)
    if not public:
        assert answer.status_code in (401, 403), (method, template)
    assert answer.status_code < 500 or template == "/readyz", (method, template)
    assert not any(each in answer.text for each in ONLY_HERE), (method, template)


def test_a_key_of_another_ledger_opens_nothing(other_ledger: Shop, this_ledger: Oms) -> None:
    before = other_ledger.oms.readers.head(), this_ledger.readers.head()
    for some in rounds(served(this_ledger)):
        with Api(create_app(this_ledger), key=other_ledger.key) as api:
            for method, template, scope in some:
                if scope != PUBLIC or not stays_away(template):
                    opens_nothing(api, other_ledger, method, template, public=scope == PUBLIC)
    assert (other_ledger.oms.readers.head(), this_ledger.readers.head()) == before


def test_the_same_key_opens_what_it_is_for(other_ledger: Shop) -> None:
    """So that it is the ledger that makes the difference."""
    with Api(create_app(other_ledger.oms), key=other_ledger.key) as api:
        for method, template, scope in served(other_ledger.oms):
            if method == "GET" and scope != PUBLIC and not stays_away(template):
                answer = api.get(other_ledger.path(template))
                assert answer.status_code not in (401, 403), template


def test_names_of_another_ledger_lead_nowhere(other_ledger: Shop, this_ledger: Oms) -> None:
    """Requested with a key that has every right in this ledger."""
    key = this_ledger.api_keys.create("this", "admin", SCOPES)
    with Api(create_app(this_ledger), key=key) as api:
        for method, template, _ in served(this_ledger):
            path = other_ledger.path(template)
            if method == "GET" and not stays_away(template):
                answer = api.get(path, headers={"X-Purpose": "probe"})
                assert not any(each in answer.text for each in ONLY_HERE), template
        for name in ("order_id", "shipment_id", "token"):
            kind = {"order_id": "orders", "shipment_id": "shipments", "token": "tracking"}[name]
            assert api.get(f"/v1/{kind}/{other_ledger.names[name]}").status_code == 404
        stream = api.get(f"/v1/tracking/{other_ledger.names['token']}/stream")
        assert stream.status_code == 404
        listed = api.get("/v1/orders", params={"q": "ann@onlyhere.example"})
        assert listed.json()["items"] == []
        assert api.get("/v1/events").json()["items"] == []
