"""Taking buyers from the blocked list."""

from __future__ import annotations

from oms_commands.risk.unblock import UnblockBuyer
from oms_ledger.domain.risk.events import BuyerBlocked, BuyerUnblocked
from oms_ledger.testing import given
from tests.commands.risk.test_block import BLIND, CUSTOMER, EMAIL, holds

REMOVED = BuyerUnblocked("customer:c9")


def test_a_buyer_is_taken_from_the_list_once() -> None:
    decision = given(CUSTOMER).when(UnblockBuyer, buyer="c9")
    decision.then(REMOVED)
    assert decision.answer == {"buyer": "customer:c9", "blocked": False, "reason": None}
    given(CUSTOMER, REMOVED).when(UnblockBuyer, buyer="c9").then()
    given().when(UnblockBuyer, buyer="c9").then()


def test_an_email_address_too() -> None:
    command = UnblockBuyer(buyer="eve@example.org").with_blinds([BLIND])
    given(EMAIL).when(command).then(BuyerUnblocked(f"email:{BLIND}"))


def test_their_next_order_is_not_held() -> None:
    assert holds(CUSTOMER, REMOVED, id="c9") == []
    assert holds(CUSTOMER, REMOVED, CUSTOMER, id="c9")


def test_an_entry_is_named_as_lists_name_it_too() -> None:
    blind = "0" * 64
    listed = BuyerBlocked(f"email:{blind}", "charge-backs")
    decision = given(listed).when(UnblockBuyer, buyer=f"email:{blind}")
    decision.then(BuyerUnblocked(f"email:{blind}"))
    assert decision.answer["blocked"] is False
    given(CUSTOMER).when(UnblockBuyer, buyer="customer:c9").then(REMOVED)
    assert UnblockBuyer(buyer=f"email:{blind}").emails_to_blind == ()
