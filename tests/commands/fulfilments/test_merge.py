"""Merging fulfilment orders."""

from __future__ import annotations

from oms_commands.fulfilments.merge import MergeFulfilments
from oms_ledger.domain.fulfilments.events import (
    FulfilmentAbsorbed,
    FulfilmentHeld,
    FulfilmentMerged,
)
from oms_ledger.testing import given
from tests.commands.fulfilments.past import PART, WORK, opened, part, picked
from tests.commands.shop import packed, quantities, six

MERGE = MergeFulfilments(fulfilment_id=WORK, merged=PART)


def test_a_part_goes_back_with_what_is_picked_of_it() -> None:
    decision = given(*six(), *opened(), *part(2), picked(1, PART)).when(MERGE)
    decision.then(
        FulfilmentMerged(WORK, PART, quantities(2), quantities(1)),
        FulfilmentAbsorbed(PART, WORK, quantities(2), quantities(1)),
    )
    assert decision.answer["lines"] == [
        {
            "line_id": "1",
            "sku": "A",
            "title": None,
            "quantity": 6,
            "open": 6,
            "picked": 1,
            "packed": 0,
            "shipped": 0,
        }
    ]


def test_what_is_left_can_go_to_a_part_too() -> None:
    decision = given(*six(), *opened(), *part(2)).when(
        MergeFulfilments(fulfilment_id=PART, merged=WORK)
    )
    assert (decision.answer["fulfilment_id"], decision.answer["units"]) == (PART, 6)


def test_only_two_open_ones_of_one_order_at_one_location_merge() -> None:
    for wrong in (WORK, PART, "o1@MAN", "o2@LON", "x"):
        command = MergeFulfilments(fulfilment_id=WORK, merged=wrong)
        given(*six()).when(command).then_refused("not_mergeable")
    done = (*six(), *opened(), *part(2), *packed(4))
    given(*done).when(MERGE).then_refused("illegal_transition")


def test_neither_is_merged_while_one_is_on_hold() -> None:
    for held in (WORK, PART):
        past = (*six(), *opened(), *part(2), FulfilmentHeld(held, "check"))
        given(*past).when(MERGE).then_refused("ship_blocked")
