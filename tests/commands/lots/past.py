"""A past with the lot `L1` of A, of whose ten units at LON it has eight, and two at MAN."""

from __future__ import annotations

from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import LotChange, StockLotsChanged
from oms_ledger.kernel import Event
from tests.commands.shop import SHELF, place, stock


def lots(expires_on: str | None = "2027-01-01") -> tuple[Event, ...]:
    return (
        place("MAN", 2),
        *SHELF,
        stock(2, location="MAN"),
        LotDefined("A", "L1", "approved", expires_on),
        StockLotsChanged("A", "LON", (LotChange("L1", 8, "approved", expires_on),)),
        StockLotsChanged("A", "MAN", (LotChange("L1", 2, "approved", expires_on),)),
    )


LOTS = lots()
