"""The API on a log in memory hides from no test that it needs a database."""

from __future__ import annotations

import pytest

from oms_ledger.http.app import create_app
from oms_ledger.settings import Settings
from tests.databases import KEK
from tests.http.conftest import ADMIN_KEY, Api
from tests.http.examples import order
from tests.http.memory import open_in_memory

CUSTOMER = {"id": "c-1", "name": "Ada"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/orders/none", None),
        ("GET", "/v1/orders", None),
        ("GET", "/v1/audit/access", None),
        ("POST", "/v1/orders", order(customer=CUSTOMER)),
        ("POST", "/v1/projections/order_status/rebuild", None),
    ],
)
def test_what_needs_a_database_fails_the_test(method: str, path: str, body: object) -> None:
    settings = Settings(admin_key=ADMIN_KEY, kek=KEK)
    with (
        pytest.raises(AssertionError, match="needed a database"),
        open_in_memory(settings) as oms,
        Api(create_app(oms)) as api,
    ):
        assert api.send(method, path, json=body).status_code == 503
