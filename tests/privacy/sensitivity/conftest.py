"""A pharmacy, and readers with and without the right to sensitive content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oms_ledger.access.roles import ADMIN, SCOPES, SENSITIVE
from oms_ledger.app import Oms, open_prepared
from oms_ledger.http.app import create_app
from oms_ledger.settings import Settings
from oms_ledger.testing import replace
from tests.audit.seal import seal
from tests.http.conftest import Api
from tests.privacy.sensitivity.pharmacy import Pharmacy

ALL_BUT = frozenset(SCOPES) - {ADMIN, SENSITIVE}


@pytest.fixture
def pharmacy(shop: Api, settings: Settings, tmp_path: Path) -> Pharmacy:
    """A pharmacy whose events the read models and the tree have caught up with."""
    credit = {"amount": "1.00", "currency": "GBP", "reason": "goodwill"}
    assert shop.put("/v1/channels/web", {}).status_code == 200
    assert shop.post("/v1/store-credit/a1/issue", credit).status_code == 200
    made = Pharmacy(shop).opened()
    waits = {"min_position": made.position, "wait_ms": 10_000}
    for kind in (
        "orders",
        "stock",
        "shipments",
        "returns",
        "payments",
        "drafts",
        "cases",
        "messages",
        "reservations",
        "backorders",
        "inbound",
        "counts",
        "lots",
    ):
        assert shop.get(f"/v1/{kind}", params=waits).status_code == 200
    with open_prepared(replace(settings, data_dir=tmp_path)) as oms:
        seal(oms)
    return made


@pytest.fixture
def desk(oms: Oms) -> Iterator[Api]:
    """A reader with every right but the one to sensitive content."""
    with Api(create_app(oms), oms.api_keys.create("desk", None, ALL_BUT)) as api:
        yield api


@pytest.fixture
def pharmacist(oms: Oms) -> Iterator[Api]:
    with Api(
        create_app(oms), oms.api_keys.create("pharmacist", None, [*ALL_BUT, SENSITIVE])
    ) as api:
        yield api
