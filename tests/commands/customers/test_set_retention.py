"""Setting how long data is kept."""

from __future__ import annotations

import pytest

from oms_commands.customers.set_retention import SetRetention
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.testing import given


@pytest.mark.parametrize("keep", ["90d", "18m", "10y", None])
@pytest.mark.parametrize("country", ["DE", None])
def test_a_period_is_set_for_a_country_or_for_all(keep: str | None, country: str | None) -> None:
    decision = given().when(SetRetention, kind="customers", country=country, keep=keep)
    decision.then(RetentionSet("customers", country, keep))
    assert decision.answer == {"kind": "customers", "country": country, "keep": keep}


def test_the_reference_to_the_law_is_kept() -> None:
    decision = given().when(SetRetention, kind="guests", keep="2y", reference="AO 147")
    decision.then(RetentionSet("guests", None, "2y", "AO 147"))


@pytest.mark.parametrize(
    "keep", ["", "10", "y", "0y", "-1y", "10 years", "201y", "1.5y", "100000d"]
)
def test_what_is_no_period_is_refused(keep: str) -> None:
    error = given().when(SetRetention, kind="customers", keep=keep).then_invalid("keep")
    assert "90d, 18m or 10y" in error


@pytest.mark.parametrize(
    ("kind", "keep"), [("receipts", "1d"), ("access_log", "90d"), ("access_log", "6y")]
)
def test_records_are_kept_for_long_enough(kind: str, keep: str) -> None:
    given().when(SetRetention, kind=kind, keep=keep).then(RetentionSet(kind, None, keep))


@pytest.mark.parametrize(("kind", "keep"), [("access_log", "89d"), ("access_log", "3m")])
def test_records_are_not_deleted_sooner(kind: str, keep: str) -> None:
    assert "at least 90d" in given().when(SetRetention, kind=kind, keep=keep).then_invalid("keep")


def test_records_know_no_countries() -> None:
    given().when(SetRetention, kind="receipts", keep="9d", country="DE").then_invalid("country")


def test_kinds_are_those_that_there_are() -> None:
    given().when(SetRetention, kind="everything", keep="1d").then_invalid("kind")
    given().when(SetRetention, kind="guests").then_invalid("keep")
