"""Events of cases folded into rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from oms_ledger.domain.cases.events import CaseClosed, CaseEvent, CaseNoted, CaseReopened
from oms_ledger.testing import folded, given, recorded
from oms_projections.cases.fold import READ_MODEL, row_of
from oms_projections.cases.rows import CaseRow
from oms_projections.cases.views import shown
from tests.commands.cases.past import CASE, opened

REFUNDED = CaseClosed(CASE, "refund", "paid", "CLM-1", "r1")
NOTED = CaseNoted(CASE, "The carrier looks for it")


def the_row(*events: CaseEvent) -> CaseRow:
    """The row of the case, whether its events come on one page or each on its own."""
    (row,) = given(*events).folded_into(READ_MODEL).of(CaseRow)
    assert [row] == given(*events).folded_into(READ_MODEL, page=1).of(CaseRow)
    assert row == row_of(recorded(events))
    return row


def answer(*events: CaseEvent) -> dict[str, Any]:
    return shown(asdict(the_row(*events)))


def test_a_case_is_a_row_with_what_lists_filter_by() -> None:
    row = the_row(opened("delayed", "delayed"))
    assert row.channel == "web"
    assert row.facets == [
        "status:open", "kind:delayed", "order:o1", "shipment:s1", "carrier:manual",
        "location:LON", "channel:web",
    ]  # fmt: skip
    assert (row.closed_at, row.closed_by) == (None, None)
    assert row.opened_by == "tester"


def test_a_closed_case_has_its_resolution_and_the_actor_that_closed_it() -> None:
    row = the_row(opened(), NOTED, REFUNDED)
    assert row.facets[0] == "status:closed"
    assert "resolution:refund" in row.facets
    assert row.closed_at is not None
    assert row.closed_at > row.opened_at
    assert row.closed_by == "tester"
    body = answer(opened(), NOTED, REFUNDED)
    assert (body["resolution"], body["note"], body["version"]) == ("refund", "paid", 3)
    assert (body["reference"], body["return_id"]) == ("CLM-1", "r1")


def test_a_reopened_case_is_open_with_its_last_note() -> None:
    body = answer(opened(), NOTED, CaseClosed(CASE, "none"), CaseReopened(CASE))
    assert (body["status"], body["resolution"], body["closed_at"]) == ("open", None, None)
    assert (body["closed_by"], body["note"]) == (None, NOTED.text)


def test_events_of_a_case_that_was_never_opened_are_no_rows() -> None:
    assert row_of(recorded([NOTED])) is None
    with pytest.raises(LookupError, match="never opened"):
        folded(READ_MODEL, recorded([NOTED]))
