"""Labelling a shipment."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_ledger.domain.fulfilment.events import ShipmentLabelled
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, packed, six

PACKED = (*six(), *packed())


def label(number: str | None = "T1") -> LabelShipment:
    return LabelShipment(shipment_id="s1", tracking_number=number)


def test_a_label_carries_the_tracking_number() -> None:
    decision = given(*PACKED).when(label())
    decision.then(ShipmentLabelled("s1", "T1"))
    assert (decision.answer["status"], decision.answer["tracking_number"]) == ("labelled", "T1")


def test_a_label_without_a_number_is_a_label() -> None:
    given(*PACKED).when(label(None)).then(ShipmentLabelled("s1", None))


def test_the_same_label_again_changes_nothing_and_another_replaces_it() -> None:
    past = (*PACKED, ShipmentLabelled("s1", "T1"))
    given(*past).when(label()).then()
    given(*past).when(label("T2")).then(ShipmentLabelled("s1", "T2"))


@pytest.mark.parametrize("past", [UNDER_WAY])
def test_what_has_left_is_labelled_no_more(past: tuple[Event, ...]) -> None:
    refused = given(*past).when(label()).then_refused("illegal_transition")
    assert "The shipment is dispatched; it cannot be labelled" in refused.detail


def test_a_shipment_that_is_not_there() -> None:
    given().when(label()).then_refused("not_found")


def test_a_number_has_characters() -> None:
    given().when(LabelShipment, shipment_id="s1", tracking_number="").then_invalid(
        "tracking_number"
    )
