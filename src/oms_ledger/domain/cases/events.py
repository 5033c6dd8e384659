"""Events of a case's stream."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias, get_args

from oms_ledger.domain.text_kinds import CaseId, Harmless, OrderId, ReturnId, ShipmentId
from oms_ledger.kernel import Event

CaseKind: TypeAlias = Literal[
    "lost", "damaged", "returned_to_sender", "refused", "delayed", "failed", "other"
]
"""What went wrong with a shipment."""

Resolution: TypeAlias = Literal[
    "reship", "refund", "carrier_claim", "return_to_stock", "arrived", "none"
]
"""How a case ended: goods sent again, money given back, compensation by the carrier, goods back in
stock, the shipment delivered after all, or nothing done."""


class CaseStreamEvent(Event, frozen=True):
    """An event of a case's stream."""

    category: ClassVar[str] = "case"
    case_id: CaseId

    @property
    def key(self) -> str:
        return self.case_id


class CaseOpened(CaseStreamEvent, frozen=True):
    """A shipment has an exception that a person is to resolve. `kind` is a `CaseKind`; `scan` is
    the code of the carrier's scan that opened it, None where a person did. The other fields are
    those of the shipment then."""

    type: ClassVar[str] = "case.opened.v1"
    case_id: CaseId
    shipment_id: ShipmentId
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    location: Harmless
    carrier: Harmless
    kind: Harmless
    scan: Harmless | None = None
    note: str | None = None
    sensitive: bool = False


class CaseNoted(CaseStreamEvent, frozen=True):
    type: ClassVar[str] = "case.noted.v1"
    case_id: CaseId
    text: str


class CaseClosed(CaseStreamEvent, frozen=True):
    """`resolution` is a `Resolution`. `return_id` is the claim or return of the order by which
    goods or money were given, `reference` the number of a claim at the carrier or the like."""

    type: ClassVar[str] = "case.closed.v1"
    case_id: CaseId
    resolution: Harmless
    note: str | None = None
    reference: str | None = None
    return_id: ReturnId | None = None


class CaseReopened(CaseStreamEvent, frozen=True):
    type: ClassVar[str] = "case.reopened.v1"
    case_id: CaseId
    note: str | None = None


CaseEvent: TypeAlias = CaseOpened | CaseNoted | CaseClosed | CaseReopened
CASE_EVENTS: tuple[type[CaseEvent], ...] = get_args(CaseEvent)
