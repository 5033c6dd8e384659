"""Accepting work, and what begins with the first command about a fulfilment order."""

from __future__ import annotations

from oms_commands.fulfilments.accept import AcceptFulfilment
from oms_ledger.domain.fulfilments.events import FulfilmentAccepted, FulfilmentRejected
from oms_ledger.testing import given
from tests.commands.fulfilments.past import BEGUN, OPENED, WORK, opened, two_places
from tests.commands.shop import UNDER_WAY, packed, six

ACCEPT = AcceptFulfilment(fulfilment_id=WORK)


def test_the_first_command_opens_the_stream_and_marks_the_order() -> None:
    decision = given(*six()).when(ACCEPT)
    decision.then(OPENED, BEGUN, FulfilmentAccepted(WORK))
    assert decision.answer["status"] == "accepted"
    assert decision.answer["lines"] == [
        {
            "line_id": "1",
            "sku": "A",
            "title": None,
            "quantity": 6,
            "open": 6,
            "picked": 0,
            "packed": 0,
            "shipped": 0,
        }
    ]


def test_what_is_accepted_already_is_not_accepted_again() -> None:
    given(*six(), *opened(), FulfilmentAccepted(WORK)).when(ACCEPT).then()


def test_a_rejection_ends_with_acceptance() -> None:
    past = (*two_places(0), *opened(), FulfilmentRejected(WORK, "closed"))
    decision = given(*past).when(ACCEPT)
    decision.then(FulfilmentAccepted(WORK))
    assert (decision.answer["status"], decision.answer["rejection"]) == ("accepted", None)


def test_without_a_confirmed_order_that_has_units_here_there_is_none() -> None:
    for past in (six(confirmed=False), ()):
        given(*past).when(ACCEPT).then_refused("not_found")
    for wrong in ("o1@MAN", "o1@LON~2", "o1@LON~1", "o1@LON~x", "o1", "@LON", "o2@LON"):
        given(*six()).when(AcceptFulfilment(fulfilment_id=wrong)).then_refused("not_found")


def test_what_is_packed_or_gone_is_not_accepted() -> None:
    refusal = given(*six(), *packed()).when(ACCEPT).then_refused("illegal_transition")
    assert "is packed" in refusal.detail
    refusal = given(*UNDER_WAY).when(ACCEPT).then_refused("illegal_transition")
    assert "is shipped" in refusal.detail
