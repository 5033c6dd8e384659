"""Notes on cases."""

from __future__ import annotations

from oms_commands.cases.note import NoteCase
from oms_ledger.domain.cases.events import CaseNoted
from oms_ledger.testing import given
from tests.commands.cases.past import CASE, CLOSED, LOST


def test_notes_are_kept_of_open_and_closed_cases() -> None:
    noted = CaseNoted(CASE, "The carrier looks for it")
    for past in (LOST, (*LOST, CLOSED)):
        decision = given(*past).when(NoteCase, case_id=CASE, text=noted.text)
        decision.then(noted)
        assert decision.answer["note"] == noted.text


def test_a_note_has_a_text_and_a_case() -> None:
    given(*LOST).when(NoteCase, case_id=CASE, text="").then_invalid("text")
    given(*LOST).when(NoteCase, case_id="s1@2", text="x").then_refused("not_found")
