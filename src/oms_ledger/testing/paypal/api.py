"""The stand-in's API: requests in, answers out, events to send."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from hmac import compare_digest, new
from itertools import count
from re import fullmatch
from threading import Lock
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

from oms_ledger.domain.money import Money, to_minor
from oms_ledger.kernel import Json
from oms_ledger.testing.paypal.books import OrderEntry, PayPalBooks, StandInRefused
from oms_ledger.testing.paypal.render import (
    rendered_authorization,
    rendered_capture,
    rendered_order,
    rendered_refund,
)

WEBHOOK_ID = "STANDIN1"
CLIENT_ID = "stand-in"
CLIENT_SECRET = "stand-in-secret"  # noqa: S105  # it protects nothing: the stand-in has no money
SIGNING_KEY = b"stand-in-signing-key"

KEPT = 100_000
"""Newest requests and events that are kept."""

Fault = Literal["before", "after", "half", "garbage", "rate", "error_before", "error_after"]
"""What happens to one request that changes something: its connection breaks before or after the
stand-in acted; half an answer or one that is no JSON comes; 429 or 500 comes, with or without an
act."""


class BrokenConnection(Exception):
    """No answer is to be sent."""


class StandInAnswer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class StandInEvent:
    """A message to a webhook."""

    id: str
    kind: str
    body: bytes
    created_at: datetime

    def headers(self, webhook_id: str = WEBHOOK_ID) -> dict[str, str]:
        """Those that PayPal sends, signed with the stand-in's own key."""
        at = f"{self.created_at:%Y-%m-%dT%H:%M:%SZ}"
        return {
            "content-type": "application/json",
            "paypal-transmission-id": f"T-{self.id}",
            "paypal-transmission-time": at,
            "paypal-transmission-sig": signature(f"T-{self.id}", at, webhook_id, self.body),
            "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-stand-in",
            "paypal-auth-algo": "SHA256withRSA",
        }


def signature(transmission_id: str, at: str, webhook_id: str, body: bytes) -> str:
    signed = f"{transmission_id}|{at}|{webhook_id}|{crc32(body)}"
    return new(SIGNING_KEY, signed.encode(), sha256).hexdigest()


class PayPalStandIn:
    """Answers requests one at a time. `faults` are used up by requests that change something. With
    `forgetful` it does not keep request ids, so that what is sent twice is done twice."""

    def __init__(
        self,
        books: PayPalBooks | None = None,
        *,
        base_url: str = "http://paypal.test",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        forgetful: bool = False,
    ) -> None:
        self.books = books or PayPalBooks()
        self.faults: deque[Fault] = deque()
        self.events: deque[StandInEvent] = deque(maxlen=KEPT)
        self.requests: deque[tuple[str, str, Mapping[str, str], bytes]] = deque(maxlen=KEPT)
        self._event_numbers = count(1)
        self._base_url = base_url
        self._now = now
        self._forgetful = forgetful
        self._answered: dict[str, StandInAnswer] = {}
        self._lock = Lock()

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> StandInAnswer:
        """`BrokenConnection` where a fault wants it."""
        path = urlsplit(target).path
        with self._lock:
            self.requests.append((method, path, headers, body))
            if path == "/v1/oauth2/token":
                return _json(200, {"access_token": "A21-stand-in", "expires_in": 32400})
            if headers.get("authorization") != "Bearer A21-stand-in":
                return _json(401, {"name": "AUTHENTICATION_FAILURE", "message": "No token."})
            if method != "POST" or path.startswith("/v1/"):
                return self._done(method, target, body)
            return self._faulty(path, headers, body)

    def _faulty(self, path: str, headers: Mapping[str, str], body: bytes) -> StandInAnswer:
        fault = self.faults.popleft() if self.faults else None
        if fault == "before":
            raise BrokenConnection
        if fault == "rate":
            return StandInAnswer(429, b'{"name":"RATE_LIMIT_REACHED"}', {"retry-after": "0"})
        if fault == "error_before":
            return StandInAnswer(500, b'{"name":"INTERNAL_SERVER_ERROR"}')
        answer = self._once(path, headers.get("paypal-request-id"), body)
        if fault == "after":
            raise BrokenConnection
        if fault == "error_after":
            return StandInAnswer(500, b'{"name":"INTERNAL_SERVER_ERROR"}')
        if fault == "half":
            return StandInAnswer(answer.status, answer.body[: len(answer.body) // 2])
        return StandInAnswer(answer.status, b"<html>") if fault == "garbage" else answer

    def _once(self, path: str, request_id: str | None, body: bytes) -> StandInAnswer:
        """The first answer again, where the request id was used before."""
        if request_id is None or self._forgetful:
            return self._done("POST", path, body)
        if request_id not in self._answered:
            self._answered[request_id] = self._done("POST", path, body)
        return self._answered[request_id]

    def _done(self, method: str, target: str, body: bytes) -> StandInAnswer:
        path, query = urlsplit(target).path, urlsplit(target).query
        try:
            for wanted, pattern, action in _ROUTES:
                match = fullmatch(pattern, path) if method == wanted else None
                if match:
                    fields = json.loads(body) if body else dict(parse_qsl(query))
                    return action(self, match.groupdict().get("id", ""), fields)
        except StandInRefused as error:
            details: list[Json] = [{"issue": error.issue, "description": error.issue}]
            return _json(error.status, {"name": "UNPROCESSABLE_ENTITY", "details": details})
        return _json(404, {"name": "RESOURCE_NOT_FOUND", "message": f"{method} {path}"})

    # What a buyer does.

    def approve(self, order_id: str) -> None:
        with self._lock:
            order = self.books.approve(order_id)
            self._event("CHECKOUT.ORDER.APPROVED", self._order(order))

    def _event(self, kind: str, resource: Mapping[str, Json]) -> None:
        now = self._now()
        event_id = f"WH-{next(self._event_numbers):08d}"
        body = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "event_type": kind,
            "summary": kind,
            "resource": resource,
        }
        self.events.append(StandInEvent(event_id, kind, json.dumps(body).encode(), now))

    def _order(self, order: OrderEntry) -> dict[str, Json]:
        return rendered_order(order, self._base_url)

    # What the ledger does.

    def create_order(self, _: str, body: dict[str, object]) -> StandInAnswer:
        unit, wallet = _unit(body), _wallet(body)
        context = wallet.get("experience_context")
        return_url = str(context["return_url"]) if isinstance(context, dict) else None
        order = self.books.create(
            str(body["intent"]), _money(unit["amount"]), str(unit["custom_id"]), return_url
        )
        if "vault_id" in wallet:
            self.books.approve(order.id)
            step = "authorize" if order.intent == "AUTHORIZE" else "capture"
            self._finish(order.id, step)
        return _json(201, self._order(order))

    def _finish(self, order_id: str, step: str) -> StandInAnswer:
        order = self.books.finish(order_id, step, self._now())
        for authorization in order.authorizations:
            self._event(
                "PAYMENT.AUTHORIZATION.CREATED",
                rendered_authorization(authorization, order, self._base_url),
            )
        for capture in order.captures:
            kind = "COMPLETED" if capture.status == "COMPLETED" else "DECLINED"
            self._event(f"PAYMENT.CAPTURE.{kind}", rendered_capture(capture, self._base_url))
        return _json(201, self._order(order))

    def authorize_order(self, order_id: str, _: dict[str, object]) -> StandInAnswer:
        return self._finish(order_id, "authorize")

    def capture_order(self, order_id: str, _: dict[str, object]) -> StandInAnswer:
        return self._finish(order_id, "capture")

    def get_order(self, order_id: str, _: dict[str, object]) -> StandInAnswer:
        return _json(200, self._order(self.books.order(order_id)))

    def track(self, order_id: str, body: dict[str, object]) -> StandInAnswer:
        order = self.books.order(order_id)
        carrier = body.get("carrier_name_other", body["carrier"])
        order.parcels.append((str(carrier), str(body["tracking_number"])))
        return _json(201, self._order(order))

    def capture(self, authorization_id: str, body: dict[str, object]) -> StandInAnswer:
        invoice = body.get("invoice_id")
        _, entry = self.books.capture_authorization(
            authorization_id,
            _money(body["amount"]) if "amount" in body else None,
            None if invoice is None else str(invoice),
            body.get("final_capture") is True,
            self._now(),
        )
        rendered = rendered_capture(entry, self._base_url)
        self._event("PAYMENT.CAPTURE.COMPLETED", rendered)
        return _json(201, rendered)

    def reauthorize(self, authorization_id: str, _: dict[str, object]) -> StandInAnswer:
        order, entry = self.books.reauthorize(authorization_id, self._now())
        return _json(201, rendered_authorization(entry, order, self._base_url))

    def void(self, authorization_id: str, _: dict[str, object]) -> StandInAnswer:
        order, entry = self.books.void(authorization_id)
        rendered = rendered_authorization(entry, order, self._base_url)
        self._event("PAYMENT.AUTHORIZATION.VOIDED", rendered)
        return _json(200, rendered)

    def get_capture(self, capture_id: str, _: dict[str, object]) -> StandInAnswer:
        return _json(200, rendered_capture(self.books.capture(capture_id)[1], self._base_url))

    def refund(self, capture_id: str, body: dict[str, object]) -> StandInAnswer:
        custom = body.get("custom_id")
        _, entry = self.books.refund(
            capture_id,
            _money(body["amount"]) if "amount" in body else None,
            None if custom is None else str(custom),
        )
        rendered = rendered_refund(entry, self._base_url)
        self._event("PAYMENT.CAPTURE.REFUNDED", rendered)
        return _json(201, rendered)

    def get_webhook(self, webhook_id: str, _: dict[str, object]) -> StandInAnswer:
        return _json(200 if webhook_id == WEBHOOK_ID else 404, {"id": webhook_id})

    def list_events(self, _: str, query: dict[str, object]) -> StandInAnswer:
        since = datetime.fromisoformat(str(query["start_time"]))
        events = b",".join(each.body for each in self.events if each.created_at >= since)
        return StandInAnswer(200, b'{"events":[' + events + b'],"links":[]}')

    def verify(self, _: str, body: dict[str, object]) -> StandInAnswer:
        """The last request's bytes hold the event as it was sent."""
        raw = self.requests[-1][3]
        event = raw[raw.index(b'"webhook_event":') + len(b'"webhook_event":') : -1]
        good = signature(
            str(body["transmission_id"]),
            str(body["transmission_time"]),
            str(body["webhook_id"]),
            event,
        )
        same = compare_digest(good.encode(), str(body["transmission_sig"]).encode())
        return _json(200, {"verification_status": "SUCCESS" if same else "FAILURE"})


_Action = Callable[[PayPalStandIn, str, dict[str, object]], StandInAnswer]
_ID = r"(?P<id>[A-Z0-9-]+)"
_ROUTES: tuple[tuple[str, str, _Action], ...] = (
    ("POST", "/v2/checkout/orders", PayPalStandIn.create_order),
    ("GET", f"/v2/checkout/orders/{_ID}", PayPalStandIn.get_order),
    ("POST", f"/v2/checkout/orders/{_ID}/authorize", PayPalStandIn.authorize_order),
    ("POST", f"/v2/checkout/orders/{_ID}/capture", PayPalStandIn.capture_order),
    ("POST", f"/v2/checkout/orders/{_ID}/track", PayPalStandIn.track),
    ("POST", f"/v2/payments/authorizations/{_ID}/capture", PayPalStandIn.capture),
    ("POST", f"/v2/payments/authorizations/{_ID}/reauthorize", PayPalStandIn.reauthorize),
    ("POST", f"/v2/payments/authorizations/{_ID}/void", PayPalStandIn.void),
    ("GET", f"/v2/payments/captures/{_ID}", PayPalStandIn.get_capture),
    ("POST", f"/v2/payments/captures/{_ID}/refund", PayPalStandIn.refund),
    ("GET", f"/v1/notifications/webhooks/{_ID}", PayPalStandIn.get_webhook),
    ("GET", "/v1/notifications/webhooks-events", PayPalStandIn.list_events),
    ("POST", "/v1/notifications/verify-webhook-signature", PayPalStandIn.verify),
)


def _json(status: int, body: Mapping[str, Json]) -> StandInAnswer:
    return StandInAnswer(status, json.dumps(body).encode())


def _unit(body: dict[str, object]) -> dict[str, object]:
    units = body["purchase_units"]
    if not isinstance(units, list) or len(units) != 1:
        raise StandInRefused("INVALID_PURCHASE_UNITS", 400)
    return dict(units[0])


def _wallet(body: dict[str, object]) -> dict[str, object]:
    source = body.get("payment_source")
    wallet = source.get("paypal") if isinstance(source, dict) else None
    if not isinstance(wallet, dict):
        raise StandInRefused("PAYMENT_SOURCE_MISSING", 400)
    return wallet


def _money(value: object) -> Money:
    if not isinstance(value, dict):
        raise StandInRefused("INVALID_AMOUNT", 400)
    currency = str(value["currency_code"])
    return Money(to_minor(Decimal(str(value["value"])), currency), currency)
