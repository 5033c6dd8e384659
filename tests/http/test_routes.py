"""Every command and every query of the catalogues, sent as in the examples of the documentation."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from oms_commands import COMMANDS
from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from oms_ledger.http.document_routes import DOCUMENT_ROUTES
from oms_ledger.http.routes import FIXED_ROUTES
from oms_projections import QUERIES
from tests.http.conftest import Api, projecting, rounds
from tests.http.example_client import ExampleClient
from tests.http.examples import order
from tests.http.stock_steps import backorder, queue, reserve, sell_early, watch
from tests.http.warehouse_examples import warehoused
from tests.http.work_routes import fulfil_step_by_step


def test_paths_with_values_are_routed_without_fastapi(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def detour(*_: object) -> None:
        raise AssertionError("left to FastAPI")

    monkeypatch.setattr(FastAPI, "__call__", detour)
    assert api.get("/v1/orders/none").json()["code"] == "not_found"
    assert api.get("/v1/stock/A%2FB").status_code == 404
    assert api.post("/v1/orders/none/confirm").status_code == 404


def test_every_command_and_query(oms: Oms, api: Api) -> None:
    client = ExampleClient(api)
    client.do("PutLocation", code="LON")
    client.do("PutLocation", body={"name": "Manchester", "type": "store"}, code="MAN")
    client.do("PutProduct", sku="85123A")
    client.do("ReceiveStock")
    for name in ("AdjustStock", "CountStock", "TransferStock", "ReturnStock"):
        client.do(name)
    with projecting(oms):
        warehoused(client)
        _draft(client)
        reserve(client)
        queue(client)
        _fulfil(client)
        _cancel(client)
        _pay(client)
        _schedule(client)
        _expire(client)
        _return(client)
        _channel(client)
        _routing(client)
        _hold(client)
        _connection(client)
        _credit(client)
        fulfil_step_by_step(client)
        after = backorder(client)
        watch(client)
        sell_early(client)
        for name in ("list_stock", "list_products", "list_locations", "list_orders"):
            assert client.see(name, after)["items"], name
        for name in ("get_stock", "get_product", "stock_movements"):
            assert client.see(name, after, sku="85123A")
        assert client.see("get_location", after, code="LON")["address"]["city"] == "London"
        assert client.see("list_shipments", after)["items"]
        for name in ("shipping_performance", "order_figures", "payment_figures", "return_figures"):
            assert client.see(name, after)["rows"], name
        period = {"from": "2020-01-01", "to": "2090-01-01"}
        assert client.see("location_figures", after, query=period)["rows"]
        _forget(client, after)
        client.do("ImportOrder")
    assert client.used == {*COMMANDS, *(q.name for q in QUERIES)}


def _fulfil(client: ExampleClient) -> None:
    """An order from placing to delivery, held in between."""
    order_id = client.do("PlaceOrder")["order_id"]
    edited = client.do("EditOrder", order_id=order_id)
    assert (edited["difference"], edited["amount_due"]) == ("2.05", "22.30")
    held = client.do("HoldOrder", order_id=order_id)
    _write(client, order_id)
    client.do("ReleaseHold", order_id=order_id, hold_id=held["hold_id"])
    client.do("ConfirmOrder", order_id=order_id)
    shipment_id = client.do("CreateShipment", order_id=order_id)["shipment_id"]
    client.do("CancelShipment", shipment_id=shipment_id)
    made = client.do("CreateShipment", order_id=order_id)
    shipment_id = made["shipment_id"]
    client.do("LabelShipment", shipment_id=shipment_id)
    client.do("DispatchShipment", shipment_id=shipment_id)
    client.do("RecordTrackingEvent", shipment_id=shipment_id)
    _complain(client, shipment_id)
    delivered = client.do("DeliverShipment", shipment_id=shipment_id)
    after = delivered["position"]
    assert client.see("get_order", after, order_id=order_id)["status"]["fulfilment"] == "delivered"
    assert client.see("get_shipment", after, shipment_id=shipment_id)["status"] == "delivered"
    parcel = client.see("track", after, token=made["tracking_token"])
    assert (parcel["first_name"], parcel["town"]) == ("Ada", "London")
    assert client.see("order_timeline", after, order_id=order_id)["items"]
    assert (
        client.see("order_events", after, order_id=order_id)["items"][0]["command"] == "PlaceOrder"
    )


def _complain(client: ExampleClient, shipment_id: str) -> None:
    """A case of a shipment from its opening to its end."""
    case_id = client.do("OpenCase", shipment_id=shipment_id)["case_id"]
    assert client.do("OpenFlaggedCase", shipment_id=shipment_id)["case_id"] is None
    client.do("NoteCase", case_id=case_id)
    assert client.do("CloseCase", case_id=case_id)["resolution"] == "carrier_claim"
    after = client.do("ReopenCase", case_id=case_id)["position"]
    shown = client.see("get_case", after, case_id=case_id)
    assert (shown["status"], shown["kind"], len(shown["events"])) == ("open", "damaged", 4)
    assert client.see("list_cases", after)["items"][0]["case_id"] == case_id


def _write(client: ExampleClient, order_id: str) -> None:
    message_id = client.do("RequestMessage", order_id=order_id)["message_id"]
    assert client.do("FailMessage", message_id=message_id)["status"] == "failed"
    after = client.do("SendMessage", message_id=message_id)["position"]
    assert client.see("get_message", after, message_id=message_id)["status"] == "sent"
    assert client.see("list_messages", after)["items"][0]["message_id"] == message_id


def _draft(client: ExampleClient) -> None:
    """A draft that is placed, and one that is deleted."""
    draft_id = client.do("CreateDraft")["draft_id"]
    after = client.do("PutDraft", draft_id=draft_id)["position"]
    assert client.see("get_draft", after, draft_id=draft_id)["shipping"]["service"] == "standard"
    assert client.see("list_drafts", after)["items"][0]["draft_id"] == draft_id
    placed = client.do("PlaceDraft", draft_id=draft_id)
    client.do("CancelOrder", body={"reason": "customer"}, order_id=placed["order_id"])
    other = client.do("CreateDraft")["draft_id"]
    assert client.do("DeleteDraft", draft_id=other)["status"] == "deleted"


def _cancel(client: ExampleClient) -> None:
    placed = client.do("PlaceOrder", body=order(5, "85123A"))
    order_id = placed["order_id"]
    cancelled = client.do("CancelOrder", order_id=order_id)
    assert cancelled["lines"][0]["cancelled"] == 2
    client.do("TagOrder", order_id=order_id)
    client.do("NoteOrder", order_id=order_id)
    client.do("CancelOrder", body={"reason": "customer"}, order_id=order_id)
    client.do("ArchiveOrder", order_id=order_id)
    client.do("UnarchiveOrder", order_id=order_id)
    client.do("ResumeOrder", order_id=order_id)
    client.do("CancelOrder", body={"reason": "customer"}, order_id=order_id)


def _schedule(client: ExampleClient) -> None:
    """An order for later, which a person releases before."""
    later = {**order(1, "85123A"), "confirm": True, "fulfil_at": "2200-01-01T00:00:00Z"}
    placed = client.do("PlaceOrder", body=later)
    assert placed["status"]["order"] == "scheduled"
    (deadline,) = client.see("list_deadlines", placed["position"])["items"]
    assert (deadline["key"], deadline["due_at"]) == (placed["order_id"], placed["fulfil_at"])
    released = client.do("ReleaseScheduledOrder", order_id=placed["order_id"])
    assert released["status"]["order"] == "confirmed"
    assert client.see("list_deadlines", released["position"])["items"] == []


def _expire(client: ExampleClient) -> None:
    """An order that nobody has paid in time."""
    late = {**order(1, "85123A"), "pay_by": "2026-01-01T00:00:00Z"}
    placed = client.do("PlaceOrder", body=late)
    (deadline,) = client.see("list_deadlines", placed["position"])["items"]
    assert (deadline["kind"], deadline["due_at"]) == ("unpaid_order", placed["pay_by"])
    expired = client.do("ExpireOrder", order_id=placed["order_id"])
    assert expired["status"]["order"] == "expired"
    assert client.see("list_deadlines", expired["position"])["items"] == []


def _pay(client: ExampleClient) -> None:
    """An order with a payment of each kind; what is too much goes back."""
    order_id = client.do("PlaceOrder", body=order(4, "85123A"))["order_id"]
    paid = client.do("RequestPayment", body=MANUAL, order_id=order_id)
    manual = {"order_id": order_id, "payment_id": paid["payment_id"]}
    client.do("CapturePayment", **manual)
    client.do("VoidPayment", **manual)
    client.do("RefundPayment", body={"amount": "2.55", "reason": "late"}, **manual)
    external = {**MANUAL, "provider": "external", "amount": "0.20"}
    waits = client.do("RequestPayment", body=external, order_id=order_id)
    report = {"kind": "captured", "provider_event_id": "e1", "amount": "9.00"}
    pending = {"order_id": order_id, "payment_id": waits["payment_id"]}
    (open_one,) = client.do("ReportPayment", body=report, **pending)["discrepancies"]
    client.do("ResolvePaymentDiscrepancy", discrepancy_id=open_one["discrepancy_id"], **pending)
    client.do("RecordPayment", order_id=order_id)
    refunded = client.do("RefundCredit", order_id=order_id)
    assert refunded["money"]["credit"] == "0.00"
    after = refunded["position"]
    paid_for = client.see("order_payments", after, order_id=order_id)
    assert paid_for["money"] == refunded["money"]
    assert [each["provider"] for each in paid_for["items"]].count("external") == 1
    payment = client.see("get_payment", after, payment_id=waits["payment_id"])
    assert payment["events"][0]["type"] == "payment.requested.v1"
    listed = client.see("list_payments", after)["items"]
    assert {each["payment_id"] for each in listed} == {
        each["payment_id"] for each in paid_for["items"]
    }


def _return(client: ExampleClient) -> None:
    """A return that comes back and is refunded, one that is declined, and a blind one."""
    order_id = client.do("PlaceOrder", body=order(2, "85123A", confirm=True))["order_id"]
    paid = {**MANUAL, "amount": "5.10", "capture": "automatic"}
    client.do("RequestPayment", body=paid, order_id=order_id)
    shipment_id = client.do("CreateShipment", order_id=order_id)["shipment_id"]
    client.do("DispatchShipment", shipment_id=shipment_id)
    client.do("DeliverShipment", shipment_id=shipment_id)
    return_id = client.do("RequestReturn", order_id=order_id)["return_id"]
    client.do("DeclineReturn", return_id=return_id)
    client.do("ReopenReturn", return_id=return_id)
    client.do("ApproveReturn", return_id=return_id)
    client.do("ReceiveReturn", return_id=return_id)
    refunded = client.do("RefundReturn", return_id=return_id)
    assert refunded["refunded"] == "2.05"
    client.do("CloseReturn", return_id=return_id)
    blind = client.do("RequestBlindReturn")
    client.do("CancelReturn", return_id=blind["return_id"])
    after = client.do("PutReturnPolicy", policy_name="standard")["position"]
    assert client.see("get_return", after, return_id=return_id)["status"] == "closed"
    assert len(client.see("list_returns", after)["items"]) == 2
    assert client.see("list_return_policies", after)["items"][0]["name"] == "standard"


def _credit(client: ExampleClient) -> None:
    """Store credit that pays a part of an order."""
    client.do("IssueStoreCredit", account="gift-7")
    order_id = client.do("PlaceOrder", body=order(2, "85123A"))["order_id"]
    body = {"provider": "store_credit", "account": "gift-7", "amount": "5.00"}
    after = client.do("RequestPayment", body=body, order_id=order_id)["position"]
    assert client.see("get_store_credit", after, account="gift-7")["balance"] == "20.00"


def _hold(client: ExampleClient) -> None:
    """Orders held by a rule, by a risk decision, and by the blocked list."""
    client.do("PutHoldRule", rule_name="big")
    client.do("BlockBuyer", buyer="c9")
    held = client.do("PlaceOrder", body=order(1, "85123A", customer={"id": "c9"}))
    assert held["holds"][0]["rule"] == "blocked"
    client.do("ScreenOrder", order_id=held["order_id"])
    after = client.do("AssessOrderRisk", order_id=held["order_id"])["position"]
    assert client.see("list_hold_rules", after)["items"][0]["name"] == "big"
    assert client.see("list_blocked_buyers", after)["items"][0]["buyer"] == "customer:c9"
    client.do("UnblockBuyer", buyer="c9")


def _channel(client: ExampleClient) -> None:
    """A channel that captures on dispatch, and an order of it."""
    client.do("PutChannel", channel="till")
    body = {**order(2, "85123A", confirm=True), "channel": "Till"}
    order_id = client.do("PlaceOrder", body=body)["order_id"]
    client.do("RequestPayment", body={**MANUAL, "amount": "5.10"}, order_id=order_id)
    shipment_id = client.do("CreateShipment", order_id=order_id)["shipment_id"]
    client.do("DispatchShipment", shipment_id=shipment_id)
    captured = client.do("CaptureDuePayments", order_id=order_id)
    assert captured["money"]["captured"] == "5.10"
    after = captured["position"]
    assert client.see("get_channel", after, channel="TILL")["capture_on"] == "dispatch"
    assert [each["channel"] for each in client.see("list_channels", after)["items"]] == ["till"]


def _connection(client: ExampleClient) -> None:
    client.do("PutLocation", code="LON")
    for name in ("PutConnection", "PauseConnection", "ResumeConnection"):
        assert client.do(name, connection="uk")["paused"] == (name == "PauseConnection")


def _routing(client: ExampleClient) -> None:
    """An order that is routed by rules, and then away from where it went."""
    client.do("PutPostalAreas", country="GB")
    client.do("PutRoutingRules", channel="phone")
    body = {**order(1, "85123A"), "channel": "Phone"}
    order_id = client.do("PlaceOrder", body=body)["order_id"]
    reroute = {"without": ["LON"], "backorder": True}
    after = client.do("RerouteOrder", body=reroute, order_id=order_id)["position"]
    rules = client.see("get_routing_rules", after, channel="PHONE")["rules"]
    assert [rule["type"] for rule in rules][:2] == ["capacity", "fewest_splits"]
    decisions = client.see("routing_decisions", after, order_id=order_id)["items"]
    assert [each["cause"] for each in decisions] == ["placement", "reroute"]


MANUAL = {"provider": "manual", "amount": "10.20", "capture": "manual"}


def _forget(client: ExampleClient, after: int) -> None:
    assert (
        client.see("get_customer", after, customer_id="17850")["customer"]["name"] == "Ada Lovelace"
    )
    assert client.see("customer_orders", after, customer_id="17850")["items"]
    mine = client.see("customer_orders", after, customer_id="17850")["items"][0]["order_id"]
    for name in ("RestrictCustomer", "LiftCustomerRestriction"):
        assert client.do(name, customer_id="17850")["customer_id"] == "17850"
    corrected = client.do(
        "CorrectCustomer",
        body={"order_ids": [mine], "customer": {"phone": "+44 2"}},
        customer_id="17850",
    )
    assert corrected["corrected"] == [mine]
    client.do("TagCustomer", customer_id="17850")
    after = client.do("NoteCustomer", customer_id="17850")["position"]
    listed = client.see("list_customers", after)["items"]
    assert [c["customer_id"] for c in listed if c["tags"] == ["vip"]] == ["17850"]
    held = client.do("HoldCustomer", customer_id="17850")
    client.do("SetRetention", body={"kind": "customers", "keep": "1d"})
    after = client.do("SetRetention")["position"]
    assert client.see("get_customer", after, customer_id="17850")["holds"]
    assert len(client.see("get_retention", after)["periods"]) == 2
    assert client.see("retention_due", after)["items"] == []
    client.do("ReleaseCustomerHold", customer_id="17850", hold_id=held["hold_id"])
    after = client.do("ForgetCustomer", customer_id="17850")["position"]
    export = client.see("export_customer", after, customer_id="17850")
    assert export["customer"]["name"] == "[forgotten]"
    assert export["accesses"]
    client.do("ReceiveStock")
    body = order(1, "85123A", backorder="allow", customer={"name": "Somebody"})
    placed = client.do("PlaceOrder", body=body)  # all units are kept for the backorder before
    client.do("ForgetOrder", order_id=placed["order_id"])


PATHS = {"order_id": "o", "shipment_id": "s", "hold_id": "h", "sku": "x", "code": "x", "token": "t"}
PATHS |= {"customer_id": "c", "payment_id": "p", "discrepancy_id": "d", "return_id": "r"}
PATHS |= {"policy_name": "n", "channel": "web", "draft_id": "d", "rule_name": "r", "account": "a"}
PATHS |= {"reservation_id": "v", "message_id": "m", "case_id": "s@1", "buyer": "c", "country": "GB"}
PATHS |= {"connection": "k", "job_id": "j", "name": "n", "index": "000"}
PATHS |= {"inbound_id": "i", "transfer_id": "t", "count_id": "n", "lot": "l"}
PATHS |= {"fulfilment_id": "o@LON", "source": "effect:payments", "reference": "7"}


def test_every_route_needs_a_key(memory_oms: Oms) -> None:
    """But those that are public. A route that is missing would answer 404."""
    routes = [(c.route.method, c.route.path) for c in COMMANDS.values()]
    routes += [("POST", c.route.many_path) for c in COMMANDS.values() if c.route.many_path]
    routes += [("GET", q.path) for q in QUERIES if q.scope != "public"]
    routes += [("GET", route.path) for route in DOCUMENT_ROUTES]
    routes += [(r.method, r.documented_path) for r in FIXED_ROUTES if r.scope != "public"]
    for some in rounds(routes):
        with Api(create_app(memory_oms), key=None) as anonymous:
            for method, path in some:
                response = anonymous.send(method, path.format(**PATHS))
                assert response.status_code == 401, (method, path)
                assert response.json()["code"] == "unauthenticated"
                assert "Bearer" in response.headers["www-authenticate"]


def test_keys(oms: Oms, api: Api) -> None:
    key = oms.api_keys.create("shop", "admin")
    with Api(create_app(oms), key=key) as shop:
        assert shop.put("/v1/locations/LON", {"name": "London"}).status_code == 200
    (event,) = api.get("/v1/events").json()["items"]
    assert event["actor"] == "key:shop"
    oms.api_keys.revoke("shop")
    for wrong in (key, key[:-1] + "x", "oms_", "x" * 5000):
        with Api(create_app(oms), key=wrong) as refused:
            assert refused.get("/v1/orders").status_code == 401
    for header in ("Basic YTpi", "Bearer", "Bearer "):
        response = api.get("/v1/orders", headers={"Authorization": header})
        assert response.status_code == 401, header


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("", 403),
        ("localhost, evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1:80:80", 403),
    ],
)
def test_without_keys_only_for_this_machine(memory_oms: Oms, host: str, status: int) -> None:
    with Api(create_app(memory_oms, no_auth=True), key=None) as anonymous:
        response = anonymous.get("/v1/events", headers={"Host": host})
        assert response.status_code == status


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"]
)
def test_without_keys_forwarded_requests_are_refused(memory_oms: Oms, header: str) -> None:
    with Api(create_app(memory_oms, no_auth=True), key=None) as anonymous:
        response = anonymous.get("/v1/events", headers={header: "203.0.113.7"})
        assert response.status_code == 403
