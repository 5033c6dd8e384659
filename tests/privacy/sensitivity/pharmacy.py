"""A pharmacy: orders that reveal health data, and everything that can happen to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order
from tests.privacy.people import ADA, BOB

PLANTED = "Zqxplanted"
"""Part of every text about the content of the sensitive orders, and of no other text: so long that
no hash in base64 has it by chance."""

SECRET = f"{PLANTED}test-kit"
"""The SKU of a sensitive product."""

PLAIN = "B/1"
"""The SKU of an ordinary product in a sensitive order."""


def planted(sku: str, external_id: str, **fields: Any) -> dict[str, Any]:
    line = {"sku": sku, "quantity": 3, "unit_price": "9.00", "title": f"{PLANTED} line"}
    return order(lines=[line], external_id=external_id, confirm=True, **fields)


@dataclass(slots=True)
class Pharmacy:
    """Ids of what was created, by the names of path fields; `position` is the last position, of an
    event about the order that is declared sensitive."""

    api: Api
    position: int = 0
    path: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    def do(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.api.send(method, path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
        result: dict[str, Any] = answer.json()
        self.position = result["position"]
        return result

    def opened(self) -> Pharmacy:
        """Create an order of a sensitive product and an order that is declared sensitive, each
        with everything that can happen to an order."""
        product = {"title": f"{PLANTED} kit", "sensitive": True}
        self.do("PUT", f"/v1/products/{SECRET}", product)
        received = {"sku": SECRET, "location": "LON", "quantity": 20, "reference": f"{PLANTED} po"}
        self.do("POST", "/v1/stock/receipts", received)
        line = {"sku": SECRET, "quantity": 1, "reason": f"{PLANTED} reason"}
        self.do("POST", "/v1/returns", {"lines": [line], "note": f"{PLANTED} note"})
        secret = planted(SECRET, f"{PLANTED}-1", customer=ADA.customer)
        plain = planted(PLAIN, f"{PLANTED}-2", customer=BOB.customer, sensitive=True)
        self.path = {**self._fulfilled(secret, SECRET), "customer_id": "c-ada"}
        self.others = {**self._fulfilled(plain, PLAIN), "customer_id": "c-bob"}
        return self

    def _fulfilled(self, body: dict[str, Any], sku: str) -> dict[str, str]:
        draft_id = self._drafted(body)
        documents = self._warehoused(sku)
        order_id = self.do("POST", "/v1/orders", body)["order_id"]
        path = f"/v1/orders/{order_id}"
        held = self.do("POST", f"{path}/hold", {"reason": f"{PLANTED} why", "note": PLANTED})
        self.do("POST", f"{path}/holds/{held['hold_id']}/release", {})
        self.do("POST", f"{path}/hold", {"reason": f"{PLANTED} again"})
        held = self.api.get(path, params={"as_of": str(self._head())}).json()["holds"][0]
        self.do("POST", f"{path}/holds/{held['hold_id']}/release", {})
        cancelled = {"reason": "other", "note": f"{PLANTED} note"}
        self.do("POST", f"{path}/cancel", {**cancelled, "lines": [{"line_id": "1", "quantity": 1}]})
        work = self._worked(order_id)
        made = self.do("POST", f"{path}/shipments", {"location": "LON"})
        parcel = f"/v1/shipments/{made['shipment_id']}"
        self.do("POST", f"{parcel}/label", {"tracking_number": "TRK1"})
        serials = [{"line_id": "1", "serials": [f"{PLANTED}-n1" if sku == SECRET else "N1"]}]
        self.do("POST", f"{parcel}/dispatch", {"serials": serials})
        scan = {"code": "delivered", "occurred_at": "2026-11-01T00:00:00Z", "raw": f"{PLANTED} raw"}
        self.do("POST", f"{parcel}/tracking-events", scan)
        case_id = self._complained(parcel)
        back = {"sku": sku, "location": "LON", "quantity": 1, "reference": f"{PLANTED} back"}
        self.do("POST", "/v1/stock/returns", {**back, "order_id": order_id, "line_id": "1"})
        reservation_id = self._reserved(sku)
        names = ("order_id", "shipment_id", "order_number")
        others = {**self._returned(path), "draft_id": draft_id, "message_id": self._written(path)}
        others |= {
            "case_id": case_id,
            "reservation_id": reservation_id,
            "fulfilment_id": work,
            **documents,
        }
        return {n: made[n] for n in names} | others | {"token": made["tracking_token"], "sku": sku}

    def _warehoused(self, sku: str) -> dict[str, str]:
        """A delivery with a lot, a transfer and a count of the product, and damaged units of it."""
        secret, due = sku == SECRET, "2027-01-01T00:00:00Z"
        planted_lot = f"{PLANTED}-lot" if secret else "L1"
        reason = f"{PLANTED} broken" if secret else "broken"
        self.do("PUT", "/v1/locations/BAK", {"name": "Backroom", "priority": 9})
        lines = [{"sku": sku, "quantity": 9}]
        coming = {"location": "LON", "expected_at": due, "lines": lines}
        inbound_id = str(self.do("POST", "/v1/inbound", coming)["inbound_id"])
        came = [{"sku": sku, "quantity": 8, "lot": planted_lot}]
        self.do("POST", f"/v1/inbound/{inbound_id}/receive", {"lines": came})
        moving = {
            "from_location": "LON",
            "to_location": "BAK",
            "lines": [{**lines[0], "quantity": 2}],
        }
        transfer_id = str(self.do("POST", "/v1/transfers", moving)["transfer_id"])
        self.do("POST", f"/v1/transfers/{transfer_id}/ship", {})
        back = [{"sku": sku, "quantity": 1, "damaged": 1, "reason": reason}]
        self.do("POST", f"/v1/transfers/{transfer_id}/receive", {"lines": back})
        count = {"location": "BAK", "skus": [sku]}
        count_id = str(self.do("POST", "/v1/counts", count)["count_id"])
        counted = [{"sku": sku, "counted": 1}]
        self.do("POST", f"/v1/counts/{count_id}/record", {"lines": counted})
        held = {"status": "approved", "reason": reason}
        self.do("PUT", f"/v1/lots/{sku.replace('/', '%2F')}/{planted_lot}", held)
        return {
            "inbound_id": inbound_id,
            "transfer_id": transfer_id,
            "count_id": count_id,
            "lot": planted_lot,
        }

    def _worked(self, order_id: str) -> str:
        """The fulfilment order of the units at LON, which was on hold."""
        path = f"/v1/fulfilments/{order_id}@LON"
        self.do("POST", f"{path}/hold", {"reason": f"{PLANTED} box", "note": f"{PLANTED} wait"})
        self.do("POST", f"{path}/release", {})
        return f"{order_id}@LON"

    def _complained(self, parcel: str) -> str:
        """A case of the shipment, closed with a note and a reference."""
        opened = {"kind": "damaged", "note": f"{PLANTED} broken"}
        case_id = str(self.do("POST", f"{parcel}/cases", opened)["case_id"])
        self.do("POST", f"/v1/cases/{case_id}/notes", {"text": f"{PLANTED} seen"})
        closed = {"note": f"{PLANTED} paid", "reference": f"{PLANTED} claim"}
        self.do("POST", f"/v1/cases/{case_id}/close", {"resolution": "carrier_claim", **closed})
        return case_id

    def _written(self, path: str) -> str:
        """A message that failed, and was sent after all."""
        made = self.do("POST", f"{path}/messages", {"template": "shipped", "part_id": "s"})
        message_id = str(made["message_id"])
        self.do("POST", f"/v1/messages/{message_id}/failed", {"reason": f"{PLANTED} bounced"})
        self.do("POST", f"/v1/messages/{message_id}/sent", {"reference": f"{PLANTED} ref"})
        return message_id

    def _reserved(self, sku: str) -> str:
        """A reservation, which is sensitive if its product is."""
        body = {
            "lines": [{"sku": sku, "quantity": 1, "location": "LON"}],
            "expires_in_s": 3600,
            "reference": f"{PLANTED} basket" if sku == SECRET else "basket",
            "channel": "web",
        }
        return str(self.do("POST", "/v1/reservations", body)["reservation_id"])

    def _drafted(self, body: dict[str, Any]) -> str:
        """The order once more, as a draft."""
        draft = {**body, "external_id": f"{body['external_id']}-again"}
        return str(self.do("POST", "/v1/drafts", draft)["draft_id"])

    def _returned(self, path: str) -> dict[str, str]:
        """A unit is paid, comes back, and is refunded; another is returned and declined. The ids
        of the return and of the payment."""
        paid = {"provider": "manual", "amount": "9.00", "capture": "automatic"}
        payment = self.do("POST", f"{path}/payments", paid)["payment_id"]
        refund = {"amount": "1.00", "reason": f"{PLANTED} refund"}
        self.do("POST", f"{path}/payments/{payment}/refund", refund)
        unit = {"line_id": "1", "quantity": 1, "reason": f"{PLANTED} reason"}
        body = {"lines": [unit], "note": f"{PLANTED} note", "override": f"{PLANTED} override"}
        return_id = str(self.do("POST", f"{path}/returns", body)["return_id"])
        self.do("POST", f"/v1/returns/{return_id}/decline", {"reason": f"{PLANTED} worn"})
        self.do("POST", f"/v1/returns/{return_id}/reopen", {"reason": f"{PLANTED} sorry"})
        self.do("POST", f"/v1/returns/{return_id}/approve", {"note": f"{PLANTED} fine"})
        line = {"line_id": "1", "quantity": 1, "condition": "damaged", "location": "LON"}
        self.do("POST", f"/v1/returns/{return_id}/receive", {"lines": [line]})
        self.do("POST", f"/v1/returns/{return_id}/refund", {})
        self.do("POST", f"/v1/returns/{return_id}/close", {"note": f"{PLANTED} done"})
        return {"return_id": return_id, "payment_id": payment}

    def _head(self) -> int:
        return int(self.api.get("/v1/events", params={"limit": 1}).headers["ledger-position"])
