"""Calls to PayPal: orders, authorizations, captures, refunds, disputes, tracking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from oms_ledger.domain.money import Money
from oms_ledger.integrations.payments.paypal import translate
from oms_ledger.integrations.payments.paypal.http import CallRefused, PayPalHttp, outcome
from oms_ledger.integrations.payments.paypal.messages import PayPalMessages, Resource
from oms_ledger.integrations.payments.paypal.orders import PayPalOrders
from oms_ledger.integrations.payments.paypal.translate import (
    Authorization,
    PayPalCapture,
    PayPalOrder,
    PayPalRefund,
)
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    AuthoriseCall,
    CaptureCall,
    Done,
    PaymentFacts,
    PaymentOutcome,
    RefundCall,
    ShipmentCall,
    Sweep,
    Unknown,
    VendorAccount,
    VendorRefused,
    VoidCall,
    WebhookMessage,
    WebhookRequest,
)

T = TypeVar("T")

HONOUR_PERIOD = timedelta(days=3)
"""How long PayPal is sure that the money of an authorization is there."""

ORDER_REPEAT = timedelta(hours=5)
"""How long a lost request for an order may be repeated: PayPal keeps its request id for 6 hours."""


class PayPalGateway:
    def __init__(self, account: VendorAccount) -> None:
        self._account = account
        self._http = PayPalHttp(account)
        self._orders = PayPalOrders(account, self._http)
        self._messages = PayPalMessages(account, self._http, self._orders)

    def check(self) -> Done[None] | VendorRefused | Unknown:
        return outcome(self._checked)

    def _checked(self) -> Done[None]:
        webhook_id = self._account.options["webhook_id"]
        self._http.get(f"/v1/notifications/webhooks/{webhook_id}", Resource)
        return Done("", None)

    # The calls.

    def authorise(self, call: AuthoriseCall) -> PaymentOutcome:
        if call.return_url is None and call.method_token is None:
            return VendorRefused(
                "return_url_missing",
                "The buyer approves the payment at PayPal. Request it again with return_url, or"
                " with the method_token of a PayPal account that is in the vault.",
            )
        late = self._account.now() - call.requested_at > ORDER_REPEAT
        if call.method_token is not None and late:
            return Unknown("too_late_to_repeat")
        return outcome(lambda: self._authorised(call))

    def _authorised(self, call: AuthoriseCall) -> PaymentOutcome:
        request_id = f"{call.call_id}:authorise"
        order = self._http.post("/v2/checkout/orders", self._body(call), PayPalOrder, request_id)
        return self._outcome_of_order(order)

    def _body(self, call: AuthoriseCall) -> dict[str, object]:
        unit: dict[str, object] = {
            "custom_id": call.payment_id,
            "amount": translate.paypal_amount(call.amount),
        }
        if call.order_number is not None:
            unit["description"] = f"Order {call.order_number}"[:127]
        wallet: dict[str, object] = {}
        if call.method_token is not None:
            wallet["vault_id"] = call.method_token
        if call.return_url is not None:
            wallet["experience_context"] = self._experience(call.return_url)
        return {
            "intent": "CAPTURE" if call.automatic else "AUTHORIZE",
            "purchase_units": [unit],
            "payment_source": {"paypal": wallet},
        }

    def _experience(self, return_url: str) -> dict[str, str]:
        context = {
            "return_url": return_url,
            "cancel_url": return_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
        brand = self._account.options.get("brand_name")
        return context if brand is None else {**context, "brand_name": brand}

    def _outcome_of_order(self, order: PayPalOrder) -> PaymentOutcome:
        """Where the buyer has approved it by now, it is finished."""
        if order.status == "APPROVED":
            order = self._orders.finished(order)
        facts = self._orders.facts(order)
        failed = [fact.report for fact in facts if fact.report.kind == "failed"]
        if failed:
            return VendorRefused(failed[0].code or "declined", "PayPal declined the payment.")
        if order.status in ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED"):
            url, amount = order.approval_url, order.purchase_units[0].amount
            if url is None or amount is None or order.payment_id is None:
                return Unknown("malformed_answer")
            return Done(
                order.id,
                (translate.action_fact(order, order.payment_id, url, amount.currency_code),),
            )
        return Done(order.id, facts)

    def capture(self, call: CaptureCall) -> PaymentOutcome:
        return self._on_order(call, lambda order: self._captured(call, order))

    def _captured(self, call: CaptureCall, order: PayPalOrder) -> PaymentOutcome:
        before = self._capture_of(order, call)
        if before is not None:
            return before
        authorization = _latest(order, translate.CAPTURABLE)
        if authorization is None:
            return VendorRefused("authorisation_gone", "Nothing is authorised any more.")
        authorization_id = self._reauthorised(call, order, authorization)
        body = {
            "amount": translate.paypal_amount(call.amount),
            "invoice_id": call.call_id,
            "final_capture": call.final,
        }
        path = f"/v2/payments/authorizations/{authorization_id}/capture"
        capture = self._http.post(path, body, PayPalCapture, f"{call.call_id}:capture")
        return self._outcome_of_capture(order, capture, call)

    def _reauthorised(
        self, call: CaptureCall, order: PayPalOrder, authorization: Authorization
    ) -> str:
        """The authorization to capture of: a new one where the first is past the days for which
        PayPal is sure of the money, and nothing was captured of it. Where PayPal does not renew it,
        the first is captured all the same."""
        made = authorization.create_time
        if (
            made is None
            or self._account.now() - made <= HONOUR_PERIOD
            or authorization.status != "CREATED"
            or len(order.payments.authorizations) > 1
        ):
            return authorization.id
        path = f"/v2/payments/authorizations/{authorization.id}/reauthorize"
        body = {"amount": translate.paypal_amount(authorization.amount.money)}
        try:
            renewed = self._http.post(path, body, Authorization, f"{call.payment_id}:reauthorise")
        except CallRefused:
            return authorization.id
        return renewed.id

    def void(self, call: VoidCall) -> PaymentOutcome:
        return self._on_order(call, lambda order: self._voided(call, order))

    def _voided(self, call: VoidCall, order: PayPalOrder) -> PaymentOutcome:
        before = self._void_of(order)
        if before is not None:
            return before
        open_ones = [
            each
            for each in order.payments.authorizations
            if each.status in translate.CAPTURABLE or each.status == "PENDING"
        ]
        for each in open_ones:
            self._http.post_bare(
                f"/v2/payments/authorizations/{each.id}/void", f"{call.call_id}:{each.id}"
            )
        return self._void_of(self._orders.get(order.id)) or Unknown("not_released")

    def refund(self, call: RefundCall) -> PaymentOutcome:
        return self._on_order(call, lambda order: self._refunded(call, order))

    def _refunded(self, call: RefundCall, order: PayPalOrder) -> PaymentOutcome:
        """PayPal refunds captures, so that one refund of a payment may be several there, the
        newest capture first. What of it is there already is not made again. Another refund of the
        payment may take what is left of a capture meanwhile: then it is parted anew, once."""
        try:
            left = self._refund_parts(call, order)
        except CallRefused:
            left = self._refund_parts(call, self._orders.get(order.id))
        if left > 0:
            return VendorRefused("over_refund", "PayPal has captured less than is to be refunded.")
        return self._refund_of(self._orders.get(order.id), call) or Unknown("not_refunded")

    def _refund_parts(self, call: RefundCall, order: PayPalOrder) -> int:
        """Refund what is missing of a refund; what no capture has left for it."""
        reference = translate.refund_reference(call.call_id, call.amount)
        made = [each for each in order.payments.refunds if each.custom_id == reference]
        left = call.amount.minor - _sum(made)
        for capture in reversed(order.payments.captures):
            part = min(left, _refundable(order, capture))
            if part > 0:
                self._refund_part(call, capture, part, reference)
                left -= part
        return left

    def _refund_part(
        self, call: RefundCall, capture: PayPalCapture, part: int, reference: str
    ) -> None:
        body = {
            "amount": translate.paypal_amount(Money(part, call.amount.currency)),
            "custom_id": reference,
        }
        path = f"/v2/payments/captures/{capture.id}/refund"
        self._http.post(path, body, PayPalRefund, f"{call.call_id}:{capture.id}:{part}")

    def _on_order(
        self,
        call: CaptureCall | VoidCall | RefundCall,
        act: Callable[[PayPalOrder], PaymentOutcome],
    ) -> PaymentOutcome:
        if not call.reference:
            return VendorRefused("reference_missing", "PayPal's id of the order is not known.")
        came_of_it = outcome(lambda: act(self._orders.get(call.reference)))
        if isinstance(came_of_it, VendorRefused):  # perhaps since it was done meanwhile
            before = self.lookup(call)
            return before if isinstance(before, Done) else came_of_it
        return came_of_it

    def report_shipment(self, call: ShipmentCall) -> Done[None] | VendorRefused | Unknown:
        """Tell PayPal the parcel's number, so that the buyer sees it and disputes are decided."""
        return outcome(lambda: self._shipped(call))

    def _shipped(self, call: ShipmentCall) -> Done[None] | Unknown:
        order = self._orders.get(call.reference)
        captured = [each for each in order.payments.captures if each.status in translate.CAPTURED]
        if not captured:
            return Unknown("nothing_captured")  # PayPal takes parcels of captured payments alone
        body = translate.parcel(captured[-1], call.carrier, call.tracking_number)
        path = f"/v2/checkout/orders/{order.id}/track"
        self._http.post(path, body, PayPalOrder, f"{call.call_id}:track")
        return Done(order.id, None)

    # What came of them.

    def lookup(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        """A lost request for an order is not to be found at PayPal: it is repeated, and PayPal
        answers as it did before."""
        if not call.reference:
            return None
        return outcome(lambda: self._looked_up(call))

    def _looked_up(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        order = self._orders.get(call.reference)
        if isinstance(call, AuthoriseCall):
            return self._outcome_of_order(order)
        if isinstance(call, CaptureCall):
            return self._capture_of(order, call)
        return self._void_of(order) if isinstance(call, VoidCall) else self._refund_of(order, call)

    def _capture_of(self, order: PayPalOrder, call: CaptureCall) -> PaymentOutcome | None:
        captures = (each for each in order.payments.captures if each.invoice_id == call.call_id)
        capture = next(captures, None)
        return None if capture is None else self._outcome_of_capture(order, capture, call)

    def _outcome_of_capture(
        self, order: PayPalOrder, capture: PayPalCapture, call: CaptureCall
    ) -> PaymentOutcome:
        """A pending capture is done as far as we are concerned, and reported later. All facts of
        the order are reported, in their order: what a final capture has released comes after every
        capture that was made before it."""
        if capture.status in ("DECLINED", "FAILED"):
            return VendorRefused(capture.status, "PayPal declined the capture.")
        others = [each for each in order.payments.captures if each.id != capture.id]
        order.payments.captures = [*others, capture]
        return Done(capture.id, self._orders.facts(order))

    def _void_of(self, order: PayPalOrder) -> PaymentOutcome | None:
        facts = self._orders.facts(order)
        if any(f.report.kind in ("voided", "authorisation_expired") for f in facts):
            return Done(order.id, facts)
        if _latest(order, translate.CAPTURABLE | {"PENDING"}) is None:
            return VendorRefused("already_captured", "Nothing is left to release.")
        return None

    def _refund_of(self, order: PayPalOrder, call: RefundCall) -> PaymentOutcome | None:
        """None while parts of it are missing: refused it is where all parts were, since a refund
        that replaces it would pay again what went through."""
        reference = translate.refund_reference(call.call_id, call.amount)
        made = [each for each in order.payments.refunds if each.custom_id == reference]
        if _sum(made) < call.amount.minor:
            if made and all(each.status in ("FAILED", "CANCELLED") for each in made):
                return VendorRefused(made[0].status, "PayPal could not refund it.")
            return None
        facts = [f for f in self._orders.facts(order) if f.report.request_id == call.call_id]
        return Done(made[-1].id, tuple(facts))

    # What PayPal sends.

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        return self._messages.verify(request)

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        return self._messages.facts(message)

    def sweep(self, cursor: str | None) -> Sweep:
        return self._messages.sweep(cursor)


def _latest(order: PayPalOrder, statuses: frozenset[str]) -> Authorization | None:
    some = [each for each in order.payments.authorizations if each.status in statuses]
    return some[-1] if some else None


def _sum(refunds: list[PayPalRefund]) -> int:
    good = [each for each in refunds if each.status in ("COMPLETED", "PENDING")]
    return sum(each.amount.money.minor for each in good)


def _refundable(order: PayPalOrder, capture: PayPalCapture) -> int:
    if capture.status not in translate.CAPTURED:
        return 0
    made = [each for each in order.payments.refunds if each.capture_id == capture.id]
    return capture.amount.money.minor - _sum(made)
