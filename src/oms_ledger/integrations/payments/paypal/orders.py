"""PayPal's orders as they are now."""

from __future__ import annotations

from oms_ledger.integrations.payments.paypal import translate
from oms_ledger.integrations.payments.paypal.http import CallRefused, PayPalHttp
from oms_ledger.integrations.payments.paypal.translate import PayPalOrder
from oms_ledger.integrations.ports import PaymentFacts, VendorAccount


class PayPalOrders:
    def __init__(self, account: VendorAccount, http: PayPalHttp) -> None:
        self._account = account
        self._http = http

    def get(self, order_id: str) -> PayPalOrder:
        return self._http.get(f"/v2/checkout/orders/{order_id}", PayPalOrder)

    def finished(self, order: PayPalOrder) -> PayPalOrder:
        """Authorise or capture an order that its buyer has approved. PayPal does it once for an
        order, whatever the request id."""
        step = "authorize" if order.intent == "AUTHORIZE" else "capture"
        try:
            self._http.post(
                f"/v2/checkout/orders/{order.id}/{step}",
                {},
                PayPalOrder,
                f"{order.payment_id}:{step}",
            )
        except CallRefused as error:
            if error.code not in ("ORDER_ALREADY_AUTHORIZED", "ORDER_ALREADY_CAPTURED"):
                raise
        return self.get(order.id)

    def facts(self, order: PayPalOrder) -> PaymentFacts:
        return translate.order_facts(order, self._account.now())
