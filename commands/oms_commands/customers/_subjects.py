"""Shared by commands about one data subject: its streams, and refusal under a legal hold."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.kernel import Given, Json, Ref


def streams_of(subject: ResolvedSubject | None, subject_ref: str) -> tuple[str, list[Ref]]:
    """The key of the subject's own record, and the records to read for a decision about it."""
    if subject is None:
        return subject_ref, [(CustomerRecord, subject_ref)]
    return subject.record, [(CustomerRecord, name) for name in {subject.record, *subject.held_by}]


def refuse_if_unknown(subject: ResolvedSubject | None, record: CustomerRecord) -> None:
    """`NotFound` if the subject has no data keys and its record has no events."""
    if subject is not None and not subject.keys and not record.version:
        raise NotFound(
            "Nothing personal is kept of anybody by that id or address. GET /v1/orders?q= looks"
            " for an e-mail address, ?customer= for an id."
        )


def refuse_if_held(refs: Iterable[Ref], given: Given) -> None:
    """`Refused` if any of these records has a legal hold: it blocks erasure."""
    held = [
        (name, hold)
        for _, name in sorted(refs, key=lambda ref: ref[1])
        for hold in given.state(CustomerRecord, name).holds.values()
    ]
    if not held:
        return
    subjects = ", ".join(sorted({f"{name} ({hold.reason})" for name, hold in held}))
    faults: list[dict[str, Json]] = [
        {
            "customer_id": name,
            "hold_id": hold.hold_id,
            "reason": hold.reason,
            "reference": hold.reference,
        }
        for name, hold in held
    ]
    raise Refused(
        f"There is a legal hold on {subjects}. It must be released before anything is forgotten:"
        " POST /v1/customers/{customer_id}/holds/{hold_id}/release.",
        code="on_legal_hold",
        errors=faults,
    )


def refuse_if_restricted(refs: Iterable[Ref], given: Given, what: str) -> None:
    """`Refused` with `restricted` if the processing of any of these records is restricted; `what`
    cannot be done."""
    names = [name for _, name in refs if given.state(CustomerRecord, name).restricted is not None]
    if names:
        raise Refused(
            f"The processing of data of {', '.join(sorted(names))} is restricted: {what}. Lift the"
            " restriction first, once the customer was informed: POST"
            " /v1/customers/{customer_id}/lift-restriction.",
            code="restricted",
            errors=[{"customer_id": name} for name in sorted(names)],
        )


def restriction_of(record: CustomerRecord) -> Json:
    restricted = record.restricted
    if restricted is None:
        return None
    return {"reason": restricted.reason, "reference": restricted.reference}


def holds_of(record: CustomerRecord) -> list[Json]:
    return [
        {"hold_id": hold.hold_id, "reason": hold.reason, "reference": hold.reference}
        for hold in record.holds.values()
    ]
