"""The receipt of forgetting: one for each time, and nothing personal in it."""

from __future__ import annotations

import pytest

from oms_commands.forget_customer import ForgetCustomer
from oms_ledger.domain.customer import CustomerForgotten
from oms_ledger.testing import given

ONCE = CustomerForgotten("c1", "inactive")


def test_a_receipt_is_written() -> None:
    asked = given().when(ForgetCustomer, customer_id="c1", reason="asked for", note="ticket 7")
    asked.then(CustomerForgotten("c1", "asked for", "ticket 7"))
    assert asked.answer == {"customer_id": "c1", "reason": "asked for", "forgotten": 1}


def test_who_came_again_is_forgotten_again() -> None:
    asked = given(ONCE).when(ForgetCustomer, customer_id="c1", reason="asked for")
    assert asked.answer == {"customer_id": "c1", "reason": "asked for", "forgotten": 2}


@pytest.mark.parametrize("reason", ["", "x" * 101, "two\nlines"])
def test_a_reason_is_needed_and_short(reason: str) -> None:
    given().when(ForgetCustomer, customer_id="c1", reason=reason).then_invalid("reason")
