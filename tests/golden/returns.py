"""What the golden files of returns mean."""

from __future__ import annotations

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    ReplacementOrdered,
    RequestedLine,
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnPolicyDefined,
    ReturnReceived,
    ReturnRefunded,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.testing import replace

_REPLACEMENT = OrderLine(
    "1",
    "85123B",
    2,
    255,
    10,
    5,
    "Heart",
    True,
    "0.2",
    True,
    15,
    (Component("85123C", 2),),
    UnitOfMeasure("kg", 3),
)
REPLACEMENT_WITHOUT_UNIT = (replace(_REPLACEMENT, unit=None),)
FIRST_REPLACEMENT = (replace(_REPLACEMENT, components=(), unit=None),)
"""As it was before lines had components."""

RETURN_LITERALS: tuple[ReturnEvent | ReturnPolicyDefined, ...] = (
    ReturnRequested(
        "r1",
        "exchange",
        "exchange",
        (RequestedLine("1", "85123A", 2, "Too small"),),
        "o1",
        "WEB-000001",
        "web",
        "GBP",
        "17850",
        "LON",
        "rang twice",
        (_REPLACEMENT,),
        "on_receipt",
        True,
        "a good customer",
        True,
        "17850",
        Personal("4411-0923-7788-1234"),
        "1234",
    ),
    ReturnApproved("r1", "within 30 days"),
    ReturnDeclined("r1", "worn"),
    ReplacementOrdered("r1", "o2"),
    ReturnReceived("r1", (ReceivedLine("1", "85123A", 2, "damaged", "LON", "write_off"),), True),
    ReturnRefunded("r1", "f1", "GBP", (LineQuantity("1", 2),), 510, 495, 100, -50, 455, 400),
    ReturnClosed("r1", "done"),
    ReturnCancelled("r1", "keeps it", True),
    ReturnReopened("r1", "a second parcel"),
    ReturnPolicyDefined("standard", 30, ("web",), ("fresh",)),
)
