"""Every command and query about fulfilment orders, sent as in the examples of the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tests.http.examples import order

NO_QUERY: Mapping[str, str] = {}


class Client(Protocol):
    """Sends the examples of commands and queries by name."""

    def do(self, name: str, *, body: Any = None, **path: str) -> dict[str, Any]: ...

    def see(
        self, name: str, after: int, *, query: Mapping[str, str] = NO_QUERY, **path: str
    ) -> dict[str, Any]: ...


def fulfil_step_by_step(client: Client) -> None:
    """Orders whose work is held, scheduled, split, merged, picked short, packed, picked up, moved
    and rejected."""
    more = {"sku": "85123A", "quantity": 40}
    for location in ("LON", "MAN"):
        client.do("ReceiveStock", body={**more, "location": location})
    client.do("ReceiveStock", body={**more, "location": "LON", "lot": "L-2026-11"})
    work = _confirmed(client)
    client.do("AcceptFulfilment", fulfilment_id=work)
    client.do("HoldFulfilment", fulfilment_id=work)
    client.do("ReleaseFulfilment", fulfilment_id=work)
    client.do("ScheduleFulfilment", fulfilment_id=work)
    client.do("ReleaseFulfilmentSchedule", fulfilment_id=work)
    split = client.do("SplitFulfilment", fulfilment_id=work)
    merge = {"with": split["new_fulfilment_id"]}
    after = client.do("MergeFulfilments", body=merge, fulfilment_id=work)["position"]
    assert client.see("list_fulfilments", after)["items"]
    assert client.see("get_fulfilment", after, fulfilment_id=work)["status"] == "accepted"
    picks = client.see("pick_list", after, query={"location": "LON"})
    assert picks["items"][0]["sku"] == "85123A"
    assert client.do("PickFulfilment", fulfilment_id=work)["units"] == 4
    packed = client.do("PackFulfilment", fulfilment_id=work)
    assert packed["status"] == "created"
    marked = client.do("MarkFulfilmentOverdue", body={}, fulfilment_id=work)
    assert marked["overdue"] is marked["late"]
    other = _confirmed(client)
    client.do("ReadyFulfilmentForPickup", fulfilment_id=other)
    assert client.do("RecordFulfilmentPickup", fulfilment_id=other)["status"] == "picked_up"
    assert client.do("MoveFulfilment", fulfilment_id=_confirmed(client))["status"] == "moved"
    rejected = client.do("RejectFulfilment", fulfilment_id=_confirmed(client))
    assert rejected["status"] == "rejected"
    assert client.see("fulfilment_performance", rejected["position"])["rows"]


def _confirmed(client: Client) -> str:
    """The fulfilment order of a new order of six units at LON."""
    placed = client.do("PlaceOrder", body=order(6, "85123A", confirm=True))
    return f"{placed['order_id']}@LON"
