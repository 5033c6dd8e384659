"""Events of counts folded into rows."""

from __future__ import annotations

import pytest

from oms_ledger.domain.counts.events import CountApproved, CountCancelled
from oms_ledger.kernel import Event
from oms_ledger.testing import given, recorded
from oms_projections.counts.fold import READ_MODEL, row_of
from oms_projections.counts.rows import CountRow
from tests.commands.counts.past import REQUESTED, counted


@pytest.mark.parametrize(
    ("past", "status", "closed"),
    [
        (REQUESTED, "requested", False),
        (counted(8), "counted", False),
        ((*counted(8), CountApproved("n1")), "approved", True),
        ((*counted(8), CountCancelled("n1")), "cancelled", True),
    ],
)
def test_a_count_is_a_row(past: tuple[Event, ...], status: str, closed: bool) -> None:
    (row,) = given(*past).folded_into(READ_MODEL).of(CountRow)
    assert row.facets == [f"status:{status}", "location:LON"]
    assert (row.closed_at is not None) is closed
    own = [event for event in past if event.category == "count"]
    (alone,) = given(*own).folded_into(READ_MODEL).of(CountRow)
    assert row_of(recorded(own)) == alone
    assert alone.document == row.document


def test_what_was_never_created_is_parked() -> None:
    with pytest.raises(LookupError, match="never created"):
        given(CountApproved("n1")).folded_into(READ_MODEL)
    assert row_of([]) is None
