"""Cases as the desk works through them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order

FILTERS: list[tuple[dict[str, str], tuple[int, ...]]] = [
    ({}, (0, 1, 2)),
    ({"status": "open"}, (0, 1)),
    ({"status": "closed"}, (2,)),
    ({"status": "open,closed"}, (0, 1, 2)),
    ({"kind": "lost"}, (0,)),
    ({"kind": "delayed,lost"}, (0, 1)),
    ({"resolution": "refund"}, (2,)),
    ({"resolution": "reship"}, ()),
    ({"carrier": "manual"}, (0, 1, 2)),
    ({"carrier": "dhl"}, ()),
    ({"location": "LON", "kind": "damaged"}, (2,)),
    ({"channel": "web"}, (0, 1, 2)),
    ({"opened_to": "2026-01-03"}, (0, 1)),
    ({"opened_from": "2026-01-02", "opened_to": "2026-01-03"}, (1,)),
    ({"opened_from": "2026-01-04"}, (2,)),
]
"""Filters, and the cases that pass: lost on the 1st, delayed on the 2nd, and damaged on the 5th."""


class Desk:
    """Three shipments of orders of their own, with a case each."""

    def __init__(self, api: Api) -> None:
        self.api = api
        sent = [self._sent(n) for n in range(3)]
        self.orders = [each["order_id"] for each in sent]
        self.shipments = [each["shipment_id"] for each in sent]
        for n, code in ((0, "lost"), (1, "delayed")):
            scan = {"code": code, "occurred_at": f"2026-01-0{n + 1}T12:00:00Z"}
            posted(api, f"/v1/shipments/{self.shipments[n]}/tracking-events", scan)
        damaged = {"kind": "damaged", "note": "wet", "occurred_at": "2026-01-05T12:00:00Z"}
        posted(api, f"/v1/shipments/{self.shipments[2]}/cases", damaged, 201)
        self.cases = [f"{shipment_id}@1" for shipment_id in self.shipments]
        posted(api, f"/v1/cases/{self.cases[2]}/close", {"resolution": "refund"})

    def _sent(self, number: int) -> dict[str, str]:
        placed = posted(self.api, "/v1/orders", order(1, external_id=f"case-{number}"), 201)
        path = f"/v1/orders/{placed['order_id']}"
        posted(self.api, f"{path}/confirm", {})
        made = posted(self.api, f"{path}/shipments", {"location": "LON"}, 201)
        sent: dict[str, str] = posted(self.api, f"/v1/shipments/{made['shipment_id']}/dispatch", {})
        return sent

    def listed(self, **filters: str) -> list[str]:
        answer = self.api.get("/v1/cases", params=filters)
        assert answer.status_code == 200, answer.text
        return [item["case_id"] for item in answer.json()["items"]]


@pytest.fixture
def desk(shop: Api) -> Desk:
    return Desk(shop)


def test_the_desk_lists_open_cases_by_kind_age_order_and_carrier(desk: Desk) -> None:
    for filters, expected in FILTERS:
        assert desk.listed(**filters) == [desk.cases[n] for n in expected], filters
    assert desk.listed(order=desk.orders[1]) == [desk.cases[1]]
    assert desk.listed(shipment=",".join(desk.shipments[:2])) == desk.cases[:2]


def test_pages_begin_with_the_oldest(desk: Desk) -> None:
    ids: list[str] = []
    params: dict[str, Any] = {"limit": 1}
    for _ in range(3):
        body = desk.api.get("/v1/cases", params=params).json()
        ids += [item["case_id"] for item in body["items"]]
        params["cursor"] = body["next_cursor"]
    assert ids == desk.cases
    assert desk.api.get("/v1/cases", params=params).json()["items"] == []


def test_a_case_has_its_actors_times_and_resolution(desk: Desk) -> None:
    shown = desk.api.get(f"/v1/cases/{desk.cases[2]}").json()
    assert (shown["opened_at"], shown["status"]) == ("2026-01-05T12:00:00Z", "closed")
    assert shown["opened_by"] == shown["closed_by"] == "key:admin"
    assert (shown["note"], shown["resolution"]) == ("wet", "refund")
    assert [event["type"] for event in shown["events"]] == ["case.opened.v1", "case.closed.v1"]
    assert desk.api.get("/v1/cases/none").status_code == 404


def test_the_timeline_of_the_order_has_its_cases(desk: Desk) -> None:
    items = desk.api.get(f"/v1/orders/{desk.orders[2]}/timeline").json()["items"]
    texts = [item["text"] for item in items]
    assert any("damaged opened" in text for text in texts), texts
    assert any(text.startswith("Case closed: refund") for text in texts), texts
    events = desk.api.get(f"/v1/orders/{desk.orders[0]}/events").json()["items"]
    assert [each["type"] for each in events][-2:] == ["shipment.scanned.v1", "case.opened.v1"]


def test_the_shipment_keeps_its_status(desk: Desk) -> None:
    shipment = desk.api.get(f"/v1/shipments/{desk.shipments[0]}").json()
    assert (shipment["status"], shipment["exception"]) == ("dispatched", "lost")
