"""Decisions about cases that several commands share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oms_ledger.domain.cases.events import CaseKind, CaseOpened
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.identifiers import case_group, case_id_of
from oms_ledger.kernel import Given, KeyGroup, Ref

CASE_KIND_OF_SCAN: Mapping[str, CaseKind] = {
    "lost": "lost",
    "damaged": "damaged",
    "return_to_sender": "returned_to_sender",
    "refused": "refused",
    "delayed": "delayed",
    "failure": "failed",
    "exception": "other",
}
"""The kind of case that a scan opens, by its code. An attempted delivery opens none: the carrier
tries again."""


ENDED_BY_DELIVERY = frozenset({"delayed", "failed", "other"})
"""Kinds of cases that end where the shipment is delivered after all. What was lost, damaged,
refused or returned is for a person to decide: goods may have been sent again by then."""


def cases_ref(shipment_id: str) -> Ref:
    """All cases of a shipment."""
    return ShipmentCase, KeyGroup(case_group(shipment_id))


def open_cases(given: Given, shipment_id: str) -> Iterator[tuple[str, ShipmentCase]]:
    """The open cases of a shipment with their ids, in the order in which they were opened;
    `cases_ref` is what this reads."""
    cases = given.group(ShipmentCase, case_group(shipment_id))
    for number in sorted(cases, key=int):
        if cases[number].closed is None:
            yield case_id_of(shipment_id, int(number)), cases[number]


def has_cases(given: Given, shipment_id: str) -> bool:
    """Whether the shipment has cases, open or closed."""
    return bool(given.group(ShipmentCase, case_group(shipment_id)))


def open_case_of(given: Given, shipment_id: str, kind: str) -> str | None:
    """The id of the open case of this kind; None where the shipment has none."""
    cases = open_cases(given, shipment_id)
    return next((name for name, case in cases if case.first_event.kind == kind), None)


def case_opened(
    given: Given,
    created: ShipmentCreated,
    kind: CaseKind,
    *,
    scan: str | None = None,
    note: str | None = None,
) -> CaseOpened:
    """The event that opens the shipment's next case."""
    number = len(given.group(ShipmentCase, case_group(created.shipment_id))) + 1
    return CaseOpened(
        case_id_of(created.shipment_id, number),
        created.shipment_id,
        created.order_id,
        created.order_number,
        created.channel,
        created.location,
        created.carrier,
        kind,
        scan,
        note,
        created.sensitive,
    )


def case_of_scan(given: Given, created: ShipmentCreated, code: str) -> CaseOpened | None:
    """The event that opens the case of a scan which flags its shipment; None where its code opens
    none, or the shipment has an open case of the kind."""
    kind = CASE_KIND_OF_SCAN.get(code)
    if kind is None or open_case_of(given, created.shipment_id, kind) is not None:
        return None
    return case_opened(given, created, kind, scan=code)


def refuse_second_open_case(given: Given, shipment_id: str, kind: str) -> None:
    """`Refused` with `case_open`, naming the case, where the shipment has an open one of the
    kind."""
    case_id = open_case_of(given, shipment_id, kind)
    if case_id is not None:
        raise Refused(
            f"The shipment has an open case of the kind {kind}, {case_id}. Write a note on it with"
            f" POST /v1/cases/{case_id}/notes.",
            code="case_open",
        )


def existing_shipment_case(given: Given, case_id: str) -> ShipmentCase:
    """The case; `NotFound` where there is none."""
    case = given.state(ShipmentCase, case_id)
    if case.opened is None:
        raise NotFound(f"There is no case {case_id}. GET /v1/cases lists them.")
    return case
