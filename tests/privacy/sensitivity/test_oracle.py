"""Masking by type shows every role on every route what masking by the names of fields has shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_ledger.access.roles import ROLES
from oms_ledger.app import Oms
from oms_ledger.domain.orders.answers import OrderDetailAnswer
from oms_ledger.http.answer_plans import query_plan
from oms_ledger.http.app import create_app
from oms_ledger.privacy.sensitivity.plans import plan_of
from oms_ledger.testing import replace
from tests.http.conftest import Api
from tests.http.test_routes import test_every_command_and_query as every_command_and_query
from tests.privacy.sensitivity.oracle import Comparison, comparing
from tests.privacy.sensitivity.pharmacy import Pharmacy, planted
from tests.privacy.sensitivity.routes import requests
from tests.privacy.sensitivity.test_health import (
    test_commands_and_refusals_show_no_more_than_queries as commands_and_refusals,
)
from tests.privacy.sensitivity.test_health import (
    test_streams_show_nothing_either as streams_show_nothing,
)
from tests.tiers import others_long


def compared(
    oms: Oms, pharmacy: Pharmacy, role: str, monkeypatch: pytest.MonkeyPatch
) -> Comparison:
    """All GET routes as a role is answered: for an order of a sensitive product, one declared
    sensitive, and an ordinary one."""
    ordinary = pharmacy._fulfilled(planted("A", "ordinary", customer=CUSTOMER), "A")
    third = replace(pharmacy, path={**pharmacy.path, **ordinary})
    key = oms.api_keys.create(f"key of {role}", role)
    with comparing(monkeypatch) as comparison, Api(create_app(oms), key) as api:
        for made in (pharmacy, third):
            for _, url in requests(oms, made):
                assert api.get(url).status_code < 500, url
    return comparison


CUSTOMER = {"email": "ordinary@example.com"}


@pytest.mark.parametrize("role", others_long(ROLES, "support", "channel", "pharmacist"))
def test_every_route(
    oms: Oms, pharmacy: Pharmacy, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = compared(oms, pharmacy, role, monkeypatch)
    if {"orders:read", "admin"} & set(ROLES[role]):
        assert comparison.answers > 50


def test_every_command_and_query(oms: Oms, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with comparing(monkeypatch):
        every_command_and_query(oms, api)


def test_commands_that_make_sensitive_orders(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with comparing(monkeypatch) as comparison:
        Pharmacy(shop).opened()
    assert comparison.answers > 20


def test_commands_without_the_right(
    desk: Api, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with comparing(monkeypatch) as comparison:
        commands_and_refusals(desk, pharmacy)
    assert comparison.masked > 5


def test_streams(oms: Oms, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch) -> None:
    with comparing(monkeypatch) as comparison:
        streams_show_nothing(oms, pharmacy)
    assert comparison.masked > 0


@pytest.fixture
def plans_end_with_the_test() -> Iterator[None]:
    yield
    query_plan.cache_clear()


@pytest.mark.usefixtures("plans_end_with_the_test")
@pytest.mark.parametrize("name", others_long(["order_id", "order_number", "lines"]))
def test_a_type_that_differs_is_noticed(
    oms: Oms, pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Masked where it was shown, or not declared at all."""
    monkeypatch.delitem(plan_of(OrderDetailAnswer).fields, name)
    query_plan.cache_clear()  # of the servers that the fixtures have made
    with pytest.raises(AssertionError):
        compared(oms, pharmacy, "support", monkeypatch)
