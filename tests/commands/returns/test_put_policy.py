"""Defining return policies."""

from __future__ import annotations

from oms_commands.returns.put_policy import PutReturnPolicy
from oms_ledger.domain.returns.events import ReturnPolicyDefined
from oms_ledger.testing import given


def test_defining_a_policy() -> None:
    body = {"policy_name": "web", "days_from_delivery": 30, "channels": ["web", "web"]}
    decision = given().when(PutReturnPolicy, **body)
    decision.then(ReturnPolicyDefined("web", 30, ("web",)))
    assert decision.answer["channels"] == ["web"]
    given(*decision.events).when(PutReturnPolicy, **body).then()
