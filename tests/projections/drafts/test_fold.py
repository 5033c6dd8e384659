"""Events of drafts folded into rows."""

from __future__ import annotations

from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced, DraftSaved
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Personal
from oms_ledger.testing import given, recorded, replace
from oms_projections.drafts.fold import READ_MODEL, row_of
from oms_projections.drafts.rows import DraftRow
from tests.commands.drafts.past import CONTENT, SAVED


def the_row(*events: DraftSaved | DraftPlaced | DraftDeleted) -> DraftRow:
    (row,) = given(*events).folded_into(READ_MODEL).of(DraftRow)
    assert row == row_of(recorded(events))
    return row


def test_a_draft_is_a_row_with_what_lists_filter_by() -> None:
    row = the_row(DraftSaved("d1", replace(CONTENT, external_id="X-1")))
    assert (row.channel, row.customer_id, row.person) == ("web", "c1", "k1")
    assert row.facets == ["status:open", "channel:web", "customer:c1"]
    assert row.search == "d1\nx-1"


def test_an_external_id_of_a_sensitive_draft_does_not_find_it() -> None:
    row = the_row(DraftSaved("d1", replace(CONTENT, external_id="X-1"), sensitive=True))
    assert row.search == "d1"


def test_a_draft_is_placed() -> None:
    row = the_row(SAVED, DraftPlaced("d1", "o1"))
    assert row.facets[0] == "status:placed"
    assert '"order_id":"o1"' in row.document


def test_a_deleted_draft_keeps_its_customer_alone() -> None:
    other = replace(CONTENT, customer=Customer("c2", Personal("sealed:v1:k2:abc")))
    row = the_row(SAVED, DraftSaved("d1", other), DraftDeleted("d1"))
    assert row.facets == ["status:deleted"]
    assert '"content":null' in row.document
    assert (row.customer_id, row.person) == ("c2", "k2")
