"""Closing cases with their resolution."""

from __future__ import annotations

from typing import get_args

import pytest

from oms_commands.cases.close import CloseCase
from oms_ledger.domain.cases.events import CaseClosed, Resolution
from oms_ledger.domain.returns.events import RequestedLine, ReturnRequested
from oms_ledger.testing import given
from tests.commands.cases.past import CASE, CLOSED, LOST

CLAIM = ReturnRequested("r1", "claim", "refund", (RequestedLine("1", "A", 1, "lost"),), "o1")
BLIND = ReturnRequested("r2", "return", "refund", (RequestedLine("1", "A", 1, "worn"),))


@pytest.mark.parametrize("resolution", get_args(Resolution))
def test_a_case_is_closed_with_its_resolution(resolution: str) -> None:
    body = {"case_id": CASE, "resolution": resolution, "note": "settled", "reference": "CLM-1"}
    decision = given(*LOST).when(CloseCase, **body)
    decision.then(CaseClosed(CASE, resolution, "settled", "CLM-1"))
    answer = decision.answer
    assert (answer["status"], answer["resolution"]) == ("closed", resolution)
    assert (answer["note"], answer["reference"]) == ("settled", "CLM-1")


def test_the_claim_of_its_order_is_named() -> None:
    body = {"case_id": CASE, "resolution": "refund"}
    decision = given(*LOST, CLAIM).when(CloseCase, **body, return_id="r1")
    decision.then(CaseClosed(CASE, "refund", return_id="r1"))
    assert decision.answer["return_id"] == "r1"
    of_none = given(*LOST, BLIND).when(CloseCase, **body, return_id="r2")
    refusal = of_none.then_refused("invalid_fields")
    assert [error["field"] for error in refusal.errors] == ["return_id"]
    assert "o1" in refusal.detail
    given(*LOST).when(CloseCase, **body, return_id="r1").then_refused("not_found")


def test_a_closed_case_is_closed_once() -> None:
    closed = given(*LOST, CLOSED)
    closed.when(CloseCase, case_id=CASE, resolution="none").then()
    refusal = closed.when(CloseCase, case_id=CASE, resolution="refund")
    assert "Reopen" in refusal.then_refused("illegal_transition").detail
    closed.when(CloseCase, case_id=CASE, resolution="arrived", if_open=True).then()


def test_a_case_that_is_not_there() -> None:
    given(*LOST).when(CloseCase, case_id="s1@2", resolution="none").then_refused("not_found")
    body = {"case_id": CASE, "resolution": "forgotten"}
    given(*LOST).when(CloseCase, **body).then_invalid("resolution")
