"""What each role sees on every route: personal values with `pii:read` alone, and the content of
sensitive orders with `sensitive:read` alone. Words are planted in both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from oms_ledger.access.roles import ROLES, SENSITIVE, allows
from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from oms_ledger.http.disclosure import PII
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, GUEST
from tests.privacy.sensitivity.pharmacy import PLANTED, Pharmacy
from tests.privacy.sensitivity.routes import readable, requests

PERSONAL = {
    word
    for person in (ADA, BOB, GUEST)
    for word in (person.email, person.customer["phone"], f"{person.mark}last")
}
"""Not given names: the public page of a parcel shows them."""

SHOWING = {
    "/v1/orders",
    "/v1/orders/{order_id}",
    "/v1/orders/{order_id}/events",
    "/v1/customers/{customer_id}/orders",
    "/v1/drafts/{draft_id}",
    "/v1/shipments",
    "/v1/shipments/{shipment_id}",
}
"""Routes that have personal values, whose scopes all these roles have."""


def showing(api: Api, urls: Iterable[tuple[str, str]]) -> tuple[set[str], set[str]]:
    """The routes that show personal values, and those that show content of sensitive orders."""
    personal, content = set(), set()
    for route, url in urls:
        text = readable(api.get(url)).replace(f"q={PLANTED}", "")
        if any(word in text for word in PERSONAL):
            personal.add(route)
        if PLANTED in text:
            content.add(route)
    return personal, content


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_its_scopes_allow(
    oms: Oms, shop: Api, pharmacy: Pharmacy, role: str
) -> None:
    """Of an order of a sensitive product, one declared sensitive, and an ordinary one."""
    made = GUEST.buys(shop)
    of_order = {name: made[name] for name in ("order_id", "order_number", "shipment_id")}
    path = {**pharmacy.path, **of_order, "token": made["tracking_token"]}
    ordinary = replace(pharmacy, path=path, others=path)
    waits = {"min_position": made["position"], "wait_ms": 10_000}
    assert shop.get("/v1/shipments", params=waits).status_code == 200
    key = oms.api_keys.create(f"key of {role}", role)
    urls = dict.fromkeys([*requests(oms, pharmacy), *requests(oms, ordinary)])
    with Api(create_app(oms), key) as api:
        personal, content = showing(api, urls)
    scopes = ROLES[role]
    assert personal >= SHOWING if allows(scopes, PII) else personal == set()
    assert content >= SHOWING if allows(scopes, SENSITIVE) else content == set()
