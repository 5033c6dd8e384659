"""The timeline of an order has the messages to its customer."""

from __future__ import annotations

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order

ANN = {"id": "ann", "name": "Ann Onlyhere", "email": "ann@example.org"}


def test_messages_are_in_the_timeline_of_their_order_as_of_any_time(shop: Api) -> None:
    mine, other = (posted(shop, "/v1/orders", order(1, customer=ANN), 201) for _ in range(2))
    path = f"/v1/orders/{mine['order_id']}"
    sent = posted(shop, f"{path}/messages", {"template": "placed"}, 201)
    bounced = posted(shop, f"{path}/messages", {"template": "held"}, 201)
    posted(shop, f"/v1/orders/{other['order_id']}/messages", {"template": "placed"}, 201)
    before = posted(shop, f"/v1/messages/{sent['message_id']}/sent", {"reference": "m-7"})
    failed = f"/v1/messages/{bounced['message_id']}/failed"
    posted(shop, failed, {"reason": "mailbox full"})
    story = shop.get(f"{path}/timeline").json()["items"]
    assert [each["text"] for each in story if each["event"].startswith("message.")] == [
        "Message 'placed' to the customer requested",
        "Message 'held' to the customer requested",
        "Message sent, reference m-7",
        "Message failed: mailbox full",
    ]
    assert [each["position"] for each in story] == sorted(each["position"] for each in story)
    then = shop.get(f"{path}/timeline", params={"as_of": before["position"]}).json()["items"]
    assert then == story[:-1]
    events = shop.get(f"{path}/events").json()["items"]
    assert {each["position"] for each in events} == {each["position"] for each in story}


def test_an_export_has_each_event_of_a_message_once(shop: Api) -> None:
    path = f"/v1/orders/{posted(shop, '/v1/orders', order(1, customer=ANN), 201)['order_id']}"
    made = posted(shop, f"{path}/messages", {"template": "placed"}, 201)
    shop.reads_own_writes = True
    export = shop.get("/v1/customers/ann/export").json()
    positions = [each["position"] for each in export["events"]]
    assert made["position"] in positions
    assert len(positions) == len(set(positions))
    assert [each["message_id"] for each in export["messages"]] == [made["message_id"]]


def test_a_key_that_is_bound_to_channels_sees_those_of_its_orders(oms: Oms, shop: Api) -> None:
    mine = posted(shop, "/v1/orders", order(1, customer=ANN), 201)["order_id"]
    foreign = posted(shop, "/v1/orders", order(1, customer=ANN, channel="store"), 201)["order_id"]
    for order_id in (mine, foreign):
        posted(shop, f"/v1/orders/{order_id}/messages", {"template": "placed"}, 201)
    with Api(create_app(oms), oms.api_keys.create("web", "channel", channels=["web"])) as bound:
        story = bound.get(f"/v1/orders/{mine}/timeline").json()["items"]
        assert [each["event"] for each in story][-1] == "message.requested.v1"
        assert bound.get(f"/v1/orders/{foreign}/timeline").status_code == 404
