"""Moves of the made-up shop that concern cases of shipments."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, get_args

from oms_ledger.domain.cases.events import (
    CaseClosed,
    CaseKind,
    CaseNoted,
    CaseOpened,
    CaseReopened,
    Resolution,
)
from oms_ledger.domain.identifiers import case_id_of

if TYPE_CHECKING:
    from tests.projections.histories import Shop


def complain(shop: Shop) -> None:
    """Now and then a sent shipment gets a case, which may be noted, closed and reopened. By a
    chance of its own, so that the other moves are the same without it."""
    chance = random.Random(3 * len(shop.events))
    if not shop.sent or chance.random() > 0.1:
        return
    shipment_id, order_id, _ = chance.choice(shop.sent)
    number = 1 + sum(
        isinstance(event, CaseOpened) and event.shipment_id == shipment_id for event in shop.events
    )
    case_id, order = case_id_of(shipment_id, number), shop.orders[order_id]
    kind, resolution = chance.choice(get_args(CaseKind)), chance.choice(get_args(Resolution))
    assert order.placed is not None
    number_of_order, channel = order.placed.number, order.placed.terms.channel
    life = (
        CaseOpened(
            case_id, shipment_id, order_id, number_of_order, channel, "LON", "manual", kind, None
        ),
        CaseNoted(case_id, "looked for"),
        CaseClosed(case_id, resolution, "settled", "CLM-1"),
        CaseReopened(case_id, "not settled"),
    )
    shop.events.extend(life[: chance.randint(1, 4)])
