"""Lifting the restriction of the processing of a customer's data."""

from __future__ import annotations

from oms_commands.customers.lift_restriction import LiftCustomerRestriction
from oms_ledger.testing import given
from tests.commands.customers.test_restrict import LIFTED, RESTRICTED, SUBJECT

COMMAND = LiftCustomerRestriction(customer_id="c1", reason=LIFTED.reason).with_subject(SUBJECT)


def test_it_is_lifted_once_with_its_reason() -> None:
    decision = given(RESTRICTED).when(COMMAND)
    decision.then(LIFTED)
    assert decision.answer == {"customer_id": "c1", "restriction": None}
    given(RESTRICTED, LIFTED).when(COMMAND).then()
    given().when(COMMAND).then()


def test_it_can_be_restricted_again() -> None:
    given(RESTRICTED, LIFTED, RESTRICTED).when(COMMAND).then(LIFTED)
