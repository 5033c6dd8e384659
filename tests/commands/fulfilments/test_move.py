"""Moving work to another location."""

from __future__ import annotations

from oms_commands.fulfilments.move import MoveFulfilment
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.fulfilments.events import (
    FulfilmentMoved,
    FulfilmentOpened,
    FulfilmentRejected,
)
from oms_ledger.testing import given
from tests.commands.fulfilments.past import BEGUN, OPENED, PART, WORK, opened, part, two_places
from tests.commands.fulfilments.test_reject import moved
from tests.commands.shop import AT, SHIP_BY, packed, quantities, six

MOVE = MoveFulfilment(fulfilment_id=WORK, location="MAN")


def test_stock_is_freed_here_and_allocated_there() -> None:
    decision = given(*two_places()).when(MOVE)
    decision.then(OPENED, BEGUN, FulfilmentMoved(WORK, "MAN", quantities(6)), *moved(6))
    assert (decision.answer["status"], decision.answer["units"]) == ("moved", 0)


def test_a_part_is_moved_alone_and_so_is_what_is_left() -> None:
    past = (*two_places(), *opened(), *part(2))
    alone = given(*past).when(MoveFulfilment(fulfilment_id=PART, location="MAN"))
    assert FulfilmentMoved(PART, "MAN", quantities(2)) in alone.events
    rest = given(*past).when(MOVE)
    assert FulfilmentMoved(WORK, "MAN", quantities(4)) in rest.events


def test_what_is_packed_stays() -> None:
    decision = given(*two_places(), *packed(2)).when(MOVE)
    assert FulfilmentMoved(WORK, "MAN", quantities(4)) in decision.events
    assert (decision.answer["status"], decision.answer["units"]) == ("packed", 2)


def test_all_or_nothing_is_moved() -> None:
    refusal = given(*two_places(5)).when(MOVE).then_refused("insufficient_stock")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 6, "available": 5},)


def test_it_goes_where_the_channel_sells_and_was_not_rejected() -> None:
    given(*six()).when(MOVE).then_refused("unknown_location")
    here = MoveFulfilment(fulfilment_id=WORK, location="LON")
    given(*two_places()).when(here).then_refused("illegal_transition")
    channel = ChannelDefined("web", locations=("LON",))
    given(*two_places(), channel).when(MOVE).then_refused("location_not_of_channel")
    there = FulfilmentOpened("o1@MAN", "o1", "WEB-000001", "web", "MAN", AT, SHIP_BY)
    rejected = (*two_places(), *opened(), there, FulfilmentRejected("o1@MAN", "no boxes"))
    given(*rejected).when(MOVE).then_refused("location_rejected")
