"""Opening cases by hand."""

from __future__ import annotations

import pytest

from oms_commands.cases.open import OpenCase
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.testing import given, replace
from tests.commands.cases.past import CLOSED, LOST, opened
from tests.commands.shop import UNDER_WAY, delivered, packed, six


def test_a_person_opens_a_case_and_the_shipment_stays_what_it_is() -> None:
    body = {"shipment_id": "s1", "kind": "damaged", "note": "broken"}
    decision = given(*UNDER_WAY, *delivered()).when(OpenCase, **body)
    decision.then(replace(opened("damaged", None), note="broken"))
    answer = decision.answer
    assert (answer["case_id"], answer["kind"], answer["status"]) == ("s1@1", "damaged", "open")
    assert (answer["note"], answer["scan"], answer["resolution"]) == ("broken", None, None)


def test_a_kind_is_open_once_and_other_kinds_beside_it() -> None:
    refusal = given(*LOST).when(OpenCase, shipment_id="s1", kind="lost").then_refused("case_open")
    assert "s1@1" in refusal.detail
    other = given(*LOST).when(OpenCase, shipment_id="s1", kind="damaged")
    other.then(opened("damaged", None, 2))
    again = given(*LOST, CLOSED).when(OpenCase, shipment_id="s1", kind="lost")
    again.then(opened("lost", None, 2))
    assert again.answer["case_id"] == "s1@2"


def test_the_tenth_case_comes_after_the_ninth() -> None:
    cases = [replace(opened("lost", None, n), kind=f"kind {n}") for n in range(1, 10)]
    tenth = given(*UNDER_WAY, *cases).when(OpenCase, shipment_id="s1", kind="lost")
    tenth.then(opened("lost", None, 10))
    eleventh = given(*UNDER_WAY, *cases, *tenth.events)
    eleventh.when(OpenCase, shipment_id="s1", kind="refused").then(opened("refused", None, 11))


def test_a_case_of_a_sensitive_order_is_sensitive() -> None:
    past = [
        replace(event, sensitive=True) if isinstance(event, ShipmentCreated) else event
        for event in UNDER_WAY
    ]
    decision = given(*past).when(OpenCase, shipment_id="s1", kind="lost")
    decision.then(replace(opened("lost", None), sensitive=True))


def test_before_dispatch_there_is_nothing_to_lose() -> None:
    past = given(*six(), *packed())
    past.when(OpenCase, shipment_id="s1", kind="lost").then_refused("illegal_transition")
    given().when(OpenCase, shipment_id="s1", kind="lost").then_refused("not_found")


@pytest.mark.parametrize(("field", "value"), [("kind", "late"), ("shipment_id", "")])
def test_what_cannot_be_names_its_field(field: str, value: str) -> None:
    body = {"shipment_id": "s1", "kind": "lost", field: value}
    given(*UNDER_WAY).when(OpenCase, **body).then_invalid(field)
