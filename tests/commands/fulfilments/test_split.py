"""Splitting units off."""

from __future__ import annotations

from oms_commands.fulfilments.split import SplitFulfilment
from oms_ledger.domain.fulfilments.events import FulfilmentHeld, FulfilmentRejected, FulfilmentSplit
from oms_ledger.testing import given, replace
from tests.commands.fulfilments.past import BEGUN, OPENED, PART, WORK, opened, part, picked
from tests.commands.shop import quantities, six


def split(units: int, fulfilment_id: str = WORK, line_id: str = "1") -> SplitFulfilment:
    lines = [{"line_id": line_id, "quantity": units}]
    return SplitFulfilment(fulfilment_id=fulfilment_id, lines=lines)  # type: ignore[arg-type]  # pydantic converts


def test_units_get_a_fulfilment_order_of_their_own() -> None:
    decision = given(*six()).when(split(2))
    new = replace(OPENED, fulfilment_id=PART, lines=quantities(2))
    decision.then(OPENED, BEGUN, FulfilmentSplit(WORK, PART, quantities(2)), new)
    assert decision.answer["new_fulfilment_id"] == PART
    assert decision.answer["units"] == 4


def test_a_part_is_split_again_under_the_next_number() -> None:
    decision = given(*six(), *opened(), *part(3)).when(split(1, PART))
    assert decision.answer["new_fulfilment_id"] == "o1@LON~3"
    assert (decision.answer["fulfilment_id"], decision.answer["units"]) == (PART, 2)


def test_not_all_of_it_nor_what_is_picked_or_not_there() -> None:
    given(*six()).when(split(6)).then_refused("not_enough_units")
    given(*six()).when(split(7)).then_refused("not_enough_units")
    refusal = given(*six()).when(split(1, line_id="9")).then_refused("not_enough_units")
    assert refusal.errors == ({"line": "9", "sku": None, "requested": 1, "available": 0},)
    begun = (*six(), *opened(), picked(4))
    given(*begun).when(split(3)).then_refused("not_enough_units")
    assert given(*begun).when(split(2)).answer["units"] == 4


def test_no_units_go_on_while_the_work_is_on_hold_or_rejected() -> None:
    for block in (FulfilmentHeld(WORK, "check"), FulfilmentRejected(WORK, "closed")):
        given(*six(), *opened(), block).when(split(2)).then_refused("ship_blocked")
