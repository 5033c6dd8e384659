"""The kinds of deadlines, and the command of each."""

from __future__ import annotations

from oms_ledger.policies.deadlines import DEADLINES
from oms_projections.deadlines.kinds import KINDS


def test_each_kind_of_the_read_model_has_its_command() -> None:
    assert [kind.name for kind in KINDS] == list(DEADLINES)
