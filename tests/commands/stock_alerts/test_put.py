"""Alerts are set for a location, a channel or all stock, and say at once where it is low."""

from __future__ import annotations

import pytest

from oms_commands.stock_alerts.put import PutStockAlert
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.testing import given
from tests.commands.stock_alerts.past import SHELF, alert, back, low


def test_an_alert_of_stock_that_is_not_low() -> None:
    decision = given(*SHELF).when(PutStockAlert("A", 9))
    decision.then(alert(9))
    assert decision.answer["alerts"] == [
        {"location": None, "channel": None, "threshold": 9, "low": False}
    ]


@pytest.mark.parametrize(
    ("threshold", "location", "channel", "available"),
    [
        (10, None, None, 10),
        (8, "LON", None, 8),
        (2, "MAN", None, 2),
        (2, None, "web", 2),
        (99, None, "phone", 10),
    ],
)
def test_where_stock_is_low_already_that_is_recorded(
    threshold: int, location: str | None, channel: str | None, available: int
) -> None:
    """Safety stock is not for sale, and a channel sells the stock of its locations."""
    past = given(*SHELF)
    decision = past.when(PutStockAlert("A", threshold, location, channel and channel.upper()))
    decision.then(alert(threshold, location, channel), low(threshold, available, location, channel))
    past.when(PutStockAlert("A", available - 1, location, channel)).then(
        alert(available - 1, location, channel)
    )


def test_of_a_kit_whole_kits_count() -> None:
    past = given(*SHELF)
    past.when(PutStockAlert("K", 1)).then(alert(1, sku="K"))
    past.when(PutStockAlert("K", 2)).then(alert(2, sku="K"), low(2, 2, sku="K"))


def test_the_same_again_changes_nothing() -> None:
    given(*SHELF, alert(9)).when(PutStockAlert("A", 9)).then()


def test_another_threshold_may_be_a_crossing() -> None:
    past = given(*SHELF, alert(10), low(10, 10))
    past.when(PutStockAlert("A", 12)).then(alert(12))
    past.when(PutStockAlert("A", 9)).then(alert(9), back(9, 10))


def test_an_alert_is_removed_and_goes_on_where_it_was() -> None:
    before = (*SHELF, alert(10), low(10, 10))
    removed = given(*before).when(PutStockAlert("A", None))
    removed.then(alert(None))
    assert removed.answer["alerts"] == []
    again = given(*before, alert(None))
    again.when(PutStockAlert("A", 10)).then(alert(10))
    again.when(PutStockAlert("A", 5)).then(alert(5), back(5, 10))


def test_one_that_never_was_is_not_removed() -> None:
    given(*SHELF).when(PutStockAlert("A", None)).then()


def test_what_is_unknown_is_refused() -> None:
    given(*SHELF).when(PutStockAlert("Z", 1)).then_refused("unknown_sku")
    given(*SHELF).when(PutStockAlert("A", 1, "YRK")).then_refused("unknown_location")


def test_a_location_and_a_channel_are_two_alerts() -> None:
    wrong = given(*SHELF).when(PutStockAlert, sku="A", threshold=1, location="LON", channel="web")
    assert "leave one out" in wrong.then_invalid("channel")
    missing = given(*SHELF).when(PutStockAlert, sku="A")
    missing.then_invalid("threshold")


def test_the_stored_form_of_a_sku_is_meant() -> None:
    decomposed = "Cafe\u0301"
    past = given(*SHELF, ProductDefined(decomposed, "Old", True))
    (event, *_) = past.when(PutStockAlert("Caf\u00e9", 1)).events
    assert event == alert(1, sku=decomposed)
