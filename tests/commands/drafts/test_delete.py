"""Deleting a draft: it is gone, and a person who is named in no other way is forgotten."""

from __future__ import annotations

from oms_commands.drafts.delete import DeleteDraft
from oms_ledger.domain.customers.events import CustomerForgotten, CustomerHeld
from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import given
from tests.commands.drafts.past import SAVED

DELETE = DeleteDraft("d1")
ALONE = ResolvedSubject("order:d1", ("k1",), ("k1",), ("order:d1",))
"""A person who is named by neither a customer's id nor an e-mail address."""


def test_a_draft_of_a_customer_is_deleted_alone() -> None:
    named = DELETE.with_subject(ResolvedSubject("order:d1"))
    decision = given(SAVED).when(named)
    decision.then(DraftDeleted("d1"))
    assert decision.answer["status"] == "deleted"


def test_a_person_named_in_no_other_way_is_forgotten_with_it() -> None:
    given(SAVED).when(DELETE.with_subject(ALONE)).then(
        DraftDeleted("d1"), CustomerForgotten("order:d1", "draft deleted", None, ("k1",))
    )


def test_a_legal_hold_is_in_the_way() -> None:
    held = CustomerHeld("order:d1", "h1", "tax audit", None)
    given(SAVED, held).when(DELETE.with_subject(ALONE)).then_refused("on_legal_hold")


def test_a_placed_draft_is_an_order() -> None:
    given(SAVED, DraftPlaced("d1", "d1")).when(DELETE).then_refused("illegal_transition")


def test_a_draft_that_is_not_there() -> None:
    given().when(DELETE).then_refused("not_found")
    given(SAVED, DraftDeleted("d1")).when(DELETE).then_refused("not_found")
