"""Saving a draft anew."""

from __future__ import annotations

from oms_commands.drafts.put import PutDraft
from oms_ledger.domain.drafts.content import DraftContent, DraftLine
from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced, DraftSaved
from oms_ledger.testing import given
from tests.commands.drafts.past import SAVED


def test_the_content_is_replaced_whole() -> None:
    given(SAVED).when(PutDraft, draft_id="d1", channel="WEB").then(
        DraftSaved("d1", DraftContent("WEB"))
    )


def test_the_same_again_changes_nothing() -> None:
    saved = DraftSaved("d1", DraftContent("web", lines=(DraftLine("A", 1),)))
    decision = given(saved).when(
        PutDraft, draft_id="d1", channel="web", lines=({"sku": "A", "quantity": 1},)
    )
    decision.then()
    assert decision.answer["version"] == 1


def test_a_channel_that_is_there_stays() -> None:
    for channel in ("store", None):
        refusal = (
            given(SAVED)
            .when(PutDraft, draft_id="d1", channel=channel)
            .then_refused("illegal_transition")
        )
        assert "create another draft" in refusal.detail
    none = DraftSaved("d1", DraftContent())
    given(none).when(PutDraft, draft_id="d1", channel="store").then(
        DraftSaved("d1", DraftContent("store"))
    )


def test_a_placed_draft_is_not_changed() -> None:
    refusal = (
        given(SAVED, DraftPlaced("d1", "o1"))
        .when(PutDraft, draft_id="d1", channel="web")
        .then_refused("illegal_transition")
    )
    assert "the order o1" in refusal.detail


def test_a_draft_that_is_not_there() -> None:
    given().when(PutDraft, draft_id="d1").then_refused("not_found")
    given(SAVED, DraftDeleted("d1")).when(PutDraft, draft_id="d1").then_refused("not_found")
