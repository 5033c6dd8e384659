"""Risk scores and decisions."""

from __future__ import annotations

from typing import Any, cast

import pytest

from oms_commands.risk.assess_risk import AssessOrderRisk
from oms_ledger.domain.describe import describe
from oms_ledger.domain.orders.events import (
    HoldReleased,
    OrderHeld,
    OrderRiskAssessed,
)
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.risk.rules import rule_hold_id
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, six

HOLD_ID = rule_hold_id("o1", "risk")


def assess(decision: str, score: object = "87.50", **more: Any) -> dict[str, Any]:
    return {"order_id": "o1", "decision": decision, "score": score, **more}


def held(decision: str) -> OrderHeld:
    inputs = (RuleInput("score", "87.50"), RuleInput("decision", decision))
    return OrderHeld("o1", HOLD_ID, f"risk: {decision}", rule="risk", inputs=inputs)


@pytest.mark.parametrize("decision", ["review", "deny"])
def test_a_doubtful_order_is_held_once_with_the_score_on_record(decision: str) -> None:
    first = given(*six()).when(AssessOrderRisk, **assess(decision))
    assessed = OrderRiskAssessed("o1", "87.50", decision)
    first.then(assessed, held(decision))
    assert first.answer["on_hold"] is True
    given(*six(), *first.events).when(AssessOrderRisk, **assess(decision)).then(assessed)


def test_a_denial_after_a_review_is_the_reason_of_the_hold() -> None:
    decision = given(*six(), held("review")).when(AssessOrderRisk, **assess("deny"))
    decision.then(OrderRiskAssessed("o1", "87.50", "deny"), held("deny"))
    (hold,) = cast(Any, decision.answer["holds"])
    assert (hold["hold_id"], hold["reason"]) == (HOLD_ID, "risk: deny")


def test_acceptance_releases_that_hold_and_no_other() -> None:
    past: tuple[Event, ...] = (*six(), OrderHeld("o1", "h1", "fraud"))
    accepted = OrderRiskAssessed("o1", "3", "accept", "signals", ("known",))
    body = assess("accept", 3, provider="signals", reasons=["known"])
    given(*past).when(AssessOrderRisk, **body).then(accepted)
    given(*past, held("deny")).when(AssessOrderRisk, **body).then(
        accepted, HoldReleased("o1", HOLD_ID)
    )
    assert describe(accepted, {}) == ["Risk scored 3 by signals, decision: accept; reasons: known"]


def test_what_has_left_is_not_held() -> None:
    given(*UNDER_WAY).when(AssessOrderRisk, **assess("deny")).then(
        OrderRiskAssessed("o1", "87.50", "deny")
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (assess("maybe"), "decision"),
        (assess("deny", -1), "score"),
        (assess("deny", "high"), "score"),
        (assess("deny", "NaN"), "score"),
        (assess("deny", reasons=["x"] * 51), "reasons"),
    ],
)
def test_a_wrong_field_is_named(body: dict[str, Any], field: str) -> None:
    given(*six()).when(AssessOrderRisk, **body).then_invalid(field)


def test_an_order_that_is_not_there() -> None:
    given().when(AssessOrderRisk, **assess("deny")).then_refused("not_found")
