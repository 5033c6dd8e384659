"""Expiring a lot whose last day is over."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.lots.expire import ExpireLot
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import StockLotStatusChanged
from oms_ledger.testing import CONTEXT, given
from tests.commands.lots.past import lots

YESTERDAY = (CONTEXT.now - timedelta(days=1)).date().isoformat()
TODAY = CONTEXT.now.date().isoformat()
COMMAND = ExpireLot(sku="A", lot="L1")


def test_its_units_are_blocked() -> None:
    given(*lots(YESTERDAY)).when(COMMAND).then(
        LotDefined("A", "L1", "expired", YESTERDAY),
        StockLotStatusChanged("A", "LON", "L1", 8, "approved", "expired", YESTERDAY),
        StockLotStatusChanged("A", "MAN", "L1", 2, "approved", "expired", YESTERDAY),
    )


def test_on_its_last_day_it_can_still_be_used() -> None:
    assert given(*lots(TODAY)).when(COMMAND).events == ()
    assert given(*lots(None)).when(COMMAND).events == ()


def test_what_is_blocked_stays_as_it_is() -> None:
    past = (*lots(YESTERDAY), LotDefined("A", "L1", "recalled", YESTERDAY))
    assert given(*past).when(COMMAND).events == ()
    given().when(COMMAND).then_refused("not_found")
