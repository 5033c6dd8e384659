"""The stand-in for PayPal over HTTP."""

from __future__ import annotations

import json
import socket

import httpx

from oms_ledger.domain.money import Money
from tests.integrations.payments.till import serving_stand_in


def test_half_a_request_changes_nothing() -> None:
    """Its client has died; without its body a refund would be of all that is left."""
    with serving_stand_in() as (stand_in, url):
        order = stand_in.books.create("CAPTURE", Money(500, "GBP"), "p1", None)
        stand_in.books.approve(order.id)
        stand_in._finish(order.id, "capture")
        host, port = url.removeprefix("http://").split(":")
        path = f"/v2/payments/captures/{order.captures[0].id}/refund"
        head = (
            f"POST {path} HTTP/1.1\r\nauthorization: Bearer A21-stand-in\r\ncontent-length: 99\r\n"
        )
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + b"\r\n{")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
        assert order.refunds == []
        with httpx.Client(base_url=url, trust_env=False) as http:
            assert http.get("/stand-in/books").json()["p1"]["refunded"] == 0
            events = http.get("/stand-in/events").json()
            assert json.loads(events[0][0])["event_type"] == "PAYMENT.CAPTURE.COMPLETED"
            assert http.post("/stand-in/approve/none").status_code == 404
            assert http.post("/stand-in/faults", json=["rate"]).status_code == 200
        assert list(stand_in.faults) == ["rate"]
