"""Reopening cases."""

from __future__ import annotations

from oms_commands.cases.reopen import ReopenCase
from oms_ledger.domain.cases.events import CaseClosed, CaseReopened
from oms_ledger.testing import given
from tests.commands.cases.past import CASE, CLOSED, LOST, opened


def test_a_closed_case_is_open_again_without_a_resolution() -> None:
    refunded = CaseClosed(CASE, "refund", "paid", "CLM-1")
    decision = given(*LOST, refunded).when(ReopenCase, case_id=CASE)
    decision.then(CaseReopened(CASE))
    answer = decision.answer
    assert (answer["status"], answer["resolution"], answer["reference"]) == ("open", None, None)
    assert answer["note"] == "paid"
    given(*LOST).when(ReopenCase, case_id=CASE).then()


def test_not_beside_another_open_case_of_its_kind() -> None:
    second = given(*LOST, CLOSED, opened("lost", None, 2))
    assert "s1@2" in second.when(ReopenCase, case_id=CASE).then_refused("case_open").detail
    other = given(*LOST, CLOSED, opened("damaged", None, 2))
    other.when(ReopenCase, case_id=CASE, note="again").then(CaseReopened(CASE, "again"))


def test_a_case_that_is_not_there() -> None:
    given(*LOST).when(ReopenCase, case_id="s1@2").then_refused("not_found")
