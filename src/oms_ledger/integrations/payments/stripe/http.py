"""Stripe's SDK on the ledger's own HTTP client: its time limits, rate limits and guards."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import stripe

from oms_ledger.integrations.ports import VendorAccount, VendorHttp

SENT_HEADERS = frozenset({"authorization", "content-type", "idempotency-key", "stripe-version"})
"""Of the SDK's own headers. The others describe this machine, and how long its last call took."""

API_VERSION = "2024-06-20"
"""The version of Stripe's API whose fields are sent and read here, whatever the account's is."""

logging.getLogger("stripe").disabled = True
"""The SDK's log has texts of errors, which may name people."""


class SdkHttp(stripe.HTTPClient):
    """The transport of one SDK client. `NoAnswer` passes through the SDK as it is."""

    name = "oms-ledger"

    def __init__(self, http: VendorHttp) -> None:
        super().__init__()
        self._http = http

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: object = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        sent = {
            name: value
            for name, value in (headers or {}).items()
            if name.lower() in SENT_HEADERS and (post_data or name.lower() != "content-type")
        }
        body = post_data.encode() if isinstance(post_data, str) else b""
        response = self._http.send(method.upper(), url, headers=sent, body=body)
        return response.body.decode("utf-8", "replace"), response.status, response.headers

    def close(self) -> None:
        """Nothing is kept open by it."""


def sdk(account: VendorAccount) -> stripe.StripeClient:
    return stripe.StripeClient(
        account.secrets["api_key"],
        stripe_version=API_VERSION,
        base_addresses={"api": account.base_url},
        max_network_retries=0,  # what follows a lost answer is decided by who keeps the books
        http_client=SdkHttp(account.http),
    )
