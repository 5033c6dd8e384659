"""Requests of every route of a pharmacy, and the answers that disclose what is planted in it."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator

import httpx

from oms_ledger.app import Oms
from oms_ledger.http.routes import PDF
from tests.documents.pdf import texts
from tests.http.conftest import Api
from tests.http.test_access import served
from tests.privacy.sensitivity.pharmacy import PLAIN, PLANTED, SECRET, Pharmacy

Params = dict[str, list[str]]

OPTIONS: Params = {
    "/v1/orders": [
        f"sku={SECRET}", f"sku={PLAIN}", f"q={PLANTED}", f"q={PLANTED}&sort=number", "sort=total",
        "limit=1", f"sku={SECRET}&with_sensitive=true", "customer=c-ada",
    ],
    "/v1/orders/{order_id}": ["as_of={position}"],
    "/v1/orders/{order_id}/timeline": ["as_of={position}", "happened_by=2027-01-01"],
    "/v1/orders/{order_id}/events": ["as_of={position}", "happened_by=2027-01-01"],
    "/v1/stock": [
        f"sku={SECRET}", f"sku={SECRET}&as_of={{position}}", "limit=1", "below=1000",
        f"sku={PLAIN}&happened_by=2027-01-01", "with_sensitive=true",
    ],
    "/v1/stock-alerts": [f"sku={SECRET}", "limit=1", "low=true", "with_sensitive=true"],
    "/v1/preorders": ["limit=1", "with_sensitive=true"],
    "/v1/stock/{sku}": ["as_of={position}", "happened_by=2027-01-01"],
    "/v1/stock/{sku}/promise": ["quantity=100"],
    "/v1/stock/{sku}/movements": ["as_of={position}", "limit=1", "location=LON"],
    "/v1/products": [f"q={PLANTED}", "limit=1", "as_of={position}", "with_sensitive=true"],
    "/v1/products/{sku}": ["as_of={position}"],
    "/v1/fulfilments": ["limit=1", "status=shipped", f"q={PLANTED}", "location=LON"],
    "/v1/fulfilments/{fulfilment_id}": ["as_of={position}"],
    "/v1/picklists": ["location=LON"],
    "/v1/analytics/locations": ["from=2020-01-01&to=2090-01-01"],
    "/v1/picklists.pdf": ["location=LON"],
    "/v1/shipments/{shipment_id}/packing-slip.pdf": ["as_of={position}"],
    "/v1/shipments": ["limit=1", "status=delivered", "order_id={order_id}&as_of={position}"],
    "/v1/shipments/{shipment_id}": ["as_of={position}"],
    "/v1/cases": ["limit=1", "status=closed", "order={order_id}"],
    "/v1/cases/{case_id}": ["as_of={position}"],
    "/v1/returns": ["limit=1", "status=closed", "order={order_id}", "condition=damaged"],
    "/v1/returns/{return_id}": ["as_of={position}"],
    "/v1/orders/{order_id}/payments": ["as_of={position}"],
    "/v1/payments": ["limit=1", "status=partially_refunded", "order={order_id}", "open=false"],
    "/v1/payments/{payment_id}": ["as_of={position}"],
    "/v1/drafts": [f"q={PLANTED}", "limit=1", "customer=c-ada"],
    "/v1/drafts/{draft_id}": ["as_of={position}"],
    "/v1/reservations": ["limit=1", "status=active"],
    "/v1/reservations/{reservation_id}": ["as_of={position}"],
    "/v1/inbound": ["limit=1", "status=partially_received"],
    "/v1/inbound/{inbound_id}": ["as_of={position}"],
    "/v1/incoming": [f"sku={SECRET}", "limit=1", "with_sensitive=true"],
    "/v1/transfers": ["limit=1", "to_location=BAK"],
    "/v1/transfers/{transfer_id}": ["as_of={position}"],
    "/v1/counts": ["limit=1", "location=BAK"],
    "/v1/counts/{count_id}": ["as_of={position}"],
    "/v1/lots": [f"sku={SECRET}", "limit=1", "with_sensitive=true", "empty=true"],
    "/v1/lots/{sku}/{lot}": ["as_of={position}"],
    "/v1/lots/{sku}/{lot}/orders": ["limit=1"],
    "/v1/serials": [f"sku={SECRET}", "limit=1", "order={order_id}", "with_sensitive=true"],
    "/v1/analytics/stock": ["group_by=sku", f"sku={SECRET}&with_sensitive=true"],
    "/v1/analytics/stock/values": [f"sku={SECRET}", "limit=1", "with_sensitive=true"],
    "/v1/backorders": [f"sku={SECRET}", "limit=1", "with_sensitive=true"],
    "/v1/messages": ["limit=1", "order={order_id}"],
    "/v1/messages/{message_id}": ["as_of={position}"],
    "/v1/events": ["limit=500", "types=stock.allocated.v1,product.defined.v2", "limit=3&after=9"],
}  # fmt: skip
"""Query strings to try on each route, besides none."""

STREAMS = ("/v1/events/stream", "/v1/tracking/{token}/stream")

OTHERS = {"code": "LON", "name": "orders", "level": "0", "index": "000.p/{sealed}"}
OTHERS |= {"channel": "web", "account": "a1"}


def requests(oms: Oms, pharmacy: Pharmacy) -> Iterator[tuple[str, str]]:
    """Every GET route with URLs to request: for both orders, with all query strings."""
    head = oms.readers.head()
    values = {"position": str(head), "sealed": str(head % 256), **OTHERS}
    values["index"] = values["index"].format(sealed=head)
    for method, route, _ in served(oms):
        if method != "GET" or route in STREAMS:
            continue
        path = route.replace("/tile/{level}", "/tile/0")
        options = ["", *OPTIONS.get(route, [])]
        if route == "/v1/audit/proof/inclusion":
            options = [f"position={n}" for n in range(1, head + 1)]
        if route == "/v1/audit/proof/consistency":
            options = ["from=1"]
        for made in (pharmacy.path, pharmacy.others):
            filled = {**values, **made, "sku": made["sku"].replace("/", "%2F")}
            for each in options:
                yield route, f"{path}?{each}".rstrip("?").format(**filled)


def readable(answer: httpx.Response) -> str:
    """An answer, with the base64 in it decoded: cursors, leaves. Of a document its texts, in which
    a row may end at any character."""
    if answer.headers.get("content-type") == PDF:
        return "".join(text for page in texts(answer.content) for text in page)
    text = answer.content.decode("utf-8", "replace")
    return "\n".join([text, *(_decoded(word) for word in re.findall(r"[\w+/-]{12,}", text))])


def _decoded(word: str) -> str:
    text = word.replace("+", "-").replace("/", "_")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return ""


def leaking(api: Api, oms: Oms, pharmacy: Pharmacy) -> dict[str, set[int]]:
    """Request every route. The statuses of its answers; a leak counts as 0."""
    statuses_by_route: dict[str, set[int]] = {}
    for route, url in requests(oms, pharmacy):
        answer = api.get(url)
        assert answer.status_code < 500, url
        leaks = PLANTED in readable(answer).replace(f"q={PLANTED}", "")
        statuses_by_route.setdefault(route, set()).add(0 if leaks else answer.status_code)
    return statuses_by_route
