"""A small payment provider whose messages are signed with a shared key, and a ledger with an
account there."""

from __future__ import annotations

import hmac
import json
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.connections.put import PutConnection
from oms_commands.orders.place import PlaceOrder
from oms_commands.payments.request import RequestPayment
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.payments.reports import ProviderReport
from oms_ledger.domain.payments.state import Payment
from oms_ledger.integrations.payments.effect import PaymentEffect, connection_of
from oms_ledger.integrations.performer import VendorKind
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    BadSignature,
    Done,
    NoAnswer,
    PaymentFact,
    PaymentFacts,
    PaymentGateway,
    PaymentOutcome,
    Sweep,
    Unknown,
    Vendor,
    VendorAccount,
    VendorRefused,
    WebhookMessage,
    WebhookRequest,
)
from oms_ledger.kernel import Effect, Log, Recorded
from oms_ledger.settings import Settings
from tests.databases import Database

SECRETS = {"api_key": "planted-api-key-1", "signing_key": "planted-signing-key-1"}


class AcmeGateway:
    """Calls are `POST /<step>/<call id>`; `GET` of the same looks one up."""

    def __init__(self, account: VendorAccount) -> None:
        self._account = account

    def check(self) -> Done[None] | VendorRefused | Unknown:
        try:
            answer = self._send("GET", "/balance")
        except NoAnswer as error:
            return Unknown(error.code, error.retry_seconds)
        if answer is None:
            return VendorRefused("not_found", "No such account.")
        return Done("", None)

    def authorise(self, call: AnyPaymentCall) -> PaymentOutcome:
        return self._do("authorised", call)

    def capture(self, call: AnyPaymentCall) -> PaymentOutcome:
        return self._do("captured", call)

    def void(self, call: AnyPaymentCall) -> PaymentOutcome:
        return self._do("voided", call)

    def refund(self, call: AnyPaymentCall) -> PaymentOutcome:
        return self._do("refunded", call)

    def lookup(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        return None

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        expected = signature(request.body, self._account.secrets["signing_key"])
        if not hmac.compare_digest(request.headers.get("x-acme-signature", ""), expected):
            raise BadSignature
        message = json.loads(request.body)
        return WebhookMessage(message["id"], message["kind"], request.body)

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        content = json.loads(message.body)
        if content["kind"] == "broken":
            raise ValueError("planted-in-an-error")
        if content["kind"] == "silent":
            raise NoAnswer("timeout")
        if content["kind"] == "limited":
            raise NoAnswer("rate_limited", 600.0)
        if content["kind"] == "news":
            return ()
        if content["kind"] == "fetched":
            content |= self._send("GET", f"/payments/{content['payment_id']}") or {}
            content["id"] = content["kind"]
        report = ProviderReport(content["kind"], content["id"], content["amount"])
        return (PaymentFact(content["payment_id"], "GBP", report),)

    def sweep(self, cursor: str | None) -> Sweep:
        answer = self._send("GET", f"/events?after={cursor or 0}") or {"events": []}
        events = [
            WebhookMessage(json.loads(body)["id"], json.loads(body)["kind"], body.encode())
            for body in answer["events"]
        ]
        return Sweep(events, str(int(cursor or 0) + len(events)))

    def _do(self, kind: Any, call: AnyPaymentCall) -> PaymentOutcome:
        try:
            answer = self._send("POST", f"/{kind}/{call.call_id}")
        except NoAnswer as error:
            return Unknown(error.code, error.retry_seconds)
        if answer is None:
            return VendorRefused("declined", "Declined.")
        report = ProviderReport(kind, f"{kind}:{call.call_id}", call.amount.minor)
        return Done("", (PaymentFact(call.payment_id, call.amount.currency, report),))

    def _send(self, method: str, path: str) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {self._account.secrets['api_key']}"}
        answer = self._account.http.send(method, path, headers=headers)
        if answer.status >= 500 or answer.status == 429:
            raise NoAnswer(f"http_{answer.status}")
        if answer.status != 200:
            return None
        parsed: dict[str, Any] = json.loads(answer.body)
        return parsed


def signature(body: bytes, key: str = SECRETS["signing_key"]) -> str:
    return hmac.new(key.encode(), body, "sha256").hexdigest()


ACME: Vendor[PaymentGateway] = Vendor(
    name="acme",
    title="Acme Payments",
    base_url="https://api.acme.example",
    secrets={"api_key": "The key.", "signing_key": "Of webhooks."},
    options={},
    required=frozenset({"api_key", "signing_key"}),
    open=AcmeGateway,
)
KINDS = (VendorKind({"acme": ACME}, PaymentEffect()),)


class FragileEffect(PaymentEffect):
    """Has a bug until it is mended."""

    broken = True

    @staticmethod
    def connection(recorded: Recorded, log: Log) -> str | None:
        if FragileEffect.broken:
            raise ZeroDivisionError("a bug that names a person")
        return connection_of(recorded, log)

    effect = Effect(PaymentEffect.effect.name, PaymentEffect.effect.event_types, connection)


FRAGILE_KINDS = (VendorKind({"acme": ACME}, FragileEffect()),)


@contextmanager
def open_with_acme(settings: Settings, url: str) -> Generator[Oms]:
    """A shop that is connected to Acme at this address."""
    allowed = replace(settings, development_urls=url)
    with open_prepared(allowed, kinds=KINDS) as oms:
        oms.execute(PutLocation("LON", "London"), actor="clerk")
        stock = ReceiveStock(sku="MUG", location="LON", quantity=1000)
        oms.execute(stock, actor="clerk")
        oms.execute(PutConnection("acme-uk", "acme", url), actor="clerk")
        oms.connections.put_secrets("acme-uk", SECRETS, "clerk")
        yield oms


def payment(oms: Oms, amount: str = "20.00", provider: str = "acme") -> str:
    """A payment that is requested from a provider, of an order of its own."""
    lines = [{"sku": "MUG", "quantity": 2, "unit_price": "10.00"}]
    place = PlaceOrder(channel="web", currency="GBP", lines=lines)  # type: ignore[arg-type]  # validated
    order_id = str(oms.execute(place, actor="clerk").answer["order_id"])
    request = RequestPayment(order_id=order_id, provider=provider, amount=amount)  # type: ignore[arg-type]  # validated from text
    return str(oms.execute(request, actor="clerk").answer["payment_id"])


def state(oms: Oms, payment_id: str) -> Payment:
    return oms.readers.log().fold(Payment, payment_id)


def message(message_id: str, kind: str, payment_id: str = "", amount: int = 0) -> bytes:
    content = {"id": message_id, "kind": kind, "payment_id": payment_id, "amount": amount}
    return json.dumps({**content, "buyer": "Planted Buyer"}).encode()


def post(oms: Oms, body: bytes) -> bool:
    """Receive a message as its webhook does; whether it was new."""
    headers = {"x-acme-signature": signature(body)}
    return oms.connections.inbox.receive("acme-uk", headers, body)


def translate_all(oms: Oms) -> None:
    """Translate all messages that are due."""
    translator = oms.connections.translator()
    while translator.step():
        pass


def make_due(database: Database) -> None:
    with closing(database.connect_owner()) as owner:
        owner.execute("UPDATE inbox_messages SET due_at = clock_timestamp()")


def states(oms: Oms) -> dict[str, str]:
    return {each.message_id: each.state for each in oms.connections.messages.list(limit=500)}
