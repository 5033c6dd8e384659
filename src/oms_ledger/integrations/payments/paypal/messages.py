"""What PayPal sends by itself, and what it says about our payments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from oms_ledger.integrations import vendor_json
from oms_ledger.integrations.payments.paypal import translate
from oms_ledger.integrations.payments.paypal.http import CallRefused, PayPalHttp
from oms_ledger.integrations.payments.paypal.orders import PayPalOrders
from oms_ledger.integrations.payments.paypal.translate import (
    PayPalCapture,
    PayPalDispute,
)
from oms_ledger.integrations.payments.paypal.webhook import (
    DISPUTE_KINDS,
    KINDS,
    ORDER_KINDS,
    EventList,
    PayPalEvent,
    Signatures,
)
from oms_ledger.integrations.ports import (
    NoAnswer,
    PaymentFacts,
    Sweep,
    VendorAccount,
    WebhookMessage,
    WebhookRequest,
)

T = TypeVar("T")

SWEPT = timedelta(hours=1)
"""How far back the first sweep goes. PayPal keeps events for 30 days."""

OVERLAP = timedelta(minutes=15)
"""How far a sweep goes back behind the end of the one before: PayPal's clock is not ours, and it
lists an event some time after it was made."""

PAGE = 100


class RelatedIds(msgspec.Struct):
    order_id: str | None = None


class SupplementaryData(msgspec.Struct):
    related_ids: RelatedIds = msgspec.field(default_factory=RelatedIds)


class Resource(msgspec.Struct):
    """What a webhook is about, of any kind; or a capture with what it belongs to."""

    id: str = ""
    dispute_id: str = ""
    supplementary_data: SupplementaryData = msgspec.field(default_factory=SupplementaryData)
    links: list[translate.PayPalLink] = []


class Verification(msgspec.Struct):
    verification_status: str


class PayPalMessages:
    def __init__(self, account: VendorAccount, http: PayPalHttp, orders: PayPalOrders) -> None:
        self._account = account
        self._http = http
        self._orders = orders
        self._signatures = Signatures(account, self._verified_by_paypal)

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        return self._signatures.verify(request)

    def _verified_by_paypal(self, body: bytes) -> bool:
        answer = self._http.post(
            "/v1/notifications/verify-webhook-signature", msgspec.Raw(body), Verification
        )
        return answer.verification_status == "SUCCESS"

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        event = vendor_json.decode(message.body, PayPalEvent)
        resource = vendor_json.decode(event.resource, Resource)
        if event.event_type in DISPUTE_KINDS:
            return _fetched(lambda: self._facts_of_dispute(resource.dispute_id))
        if event.event_type == "PAYMENT.CAPTURE.REVERSED":
            return _fetched(lambda: self._facts_of_reversal(resource.id))
        if event.event_type in ORDER_KINDS:
            return _fetched(lambda: self._facts_of_order(resource.id))
        if event.event_type in KINDS:
            return _fetched(lambda: self._facts_of_order(self._order_id(resource)))
        return ()

    def _facts_of_order(self, order_id: str | None) -> PaymentFacts:
        """An order that its buyer has approved is finished first."""
        if order_id is None:
            return ()
        order = self._orders.get(order_id)
        if order.status == "APPROVED" and order.payment_id is not None:
            order = self._orders.finished(order)
        return self._orders.facts(order)

    def _order_id(self, resource: Resource) -> str | None:
        """A refund names its capture alone, and the capture the order."""
        order_id = resource.supplementary_data.related_ids.order_id
        capture_id = translate.linked_id(resource.links, "up")
        if order_id is not None or capture_id is None:
            return order_id
        capture = self._http.get(f"/v2/payments/captures/{capture_id}", Resource)
        return capture.supplementary_data.related_ids.order_id

    def _facts_of_reversal(self, capture_id: str) -> PaymentFacts:
        capture = self._http.get(f"/v2/payments/captures/{capture_id}", PayPalCapture)
        if capture.custom_id is None:
            return ()
        return (translate.reversal_fact(capture, capture.custom_id),)

    def _facts_of_dispute(self, dispute_id: str) -> PaymentFacts:
        dispute = self._http.get(f"/v1/customer/disputes/{dispute_id}", PayPalDispute)
        disputed = (each.seller_transaction_id for each in dispute.disputed_transactions)
        capture_id = next((each for each in disputed if each is not None), None)
        if capture_id is None:
            return ()
        capture = self._http.get(f"/v2/payments/captures/{capture_id}", PayPalCapture)
        return (
            () if capture.custom_id is None else translate.dispute_facts(dispute, capture.custom_id)
        )

    def sweep(self, cursor: str | None) -> Sweep:
        return _fetched(lambda: self._swept(cursor))

    def _swept(self, cursor: str | None) -> Sweep:
        """All events since the last sweep, and some before it, which are known by their ids."""
        now = self._account.now()
        since = now - SWEPT if cursor is None else datetime.fromisoformat(cursor) - OVERLAP
        path = (
            f"/v1/notifications/webhooks-events?page_size={PAGE}"
            f"&start_time={since:%Y-%m-%dT%H:%M:%SZ}&end_time={now:%Y-%m-%dT%H:%M:%SZ}"
        )
        events: list[msgspec.Raw] = []
        while path:
            page = self._http.get(path, EventList)
            events += page.events
            following = next((each.href for each in page.links if each.rel == "next"), "")
            path = following[following.index("/v1/") :] if "/v1/" in following else ""
        read = [(vendor_json.decode(each, PayPalEvent), bytes(each)) for each in events]
        messages = [
            WebhookMessage(event.id, event.event_type, body)
            for event, body in sorted(read, key=lambda each: each[0].create_time)
            if event.event_type in KINDS
        ]
        return Sweep(messages, now.isoformat())


def _fetched(fetch: Callable[[], T]) -> T:
    try:
        return fetch()
    except CallRefused as error:
        raise NoAnswer(error.code) from None
    except (ValueError, ArithmeticError):
        raise NoAnswer("malformed_answer") from None
