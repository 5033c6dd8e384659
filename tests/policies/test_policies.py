"""The list of the policies, and their modules."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import oms_ledger.policies
from oms_ledger.domain.registry import EVENTS
from oms_ledger.policies import POLICIES

MODULES = {path.stem for path in Path(oms_ledger.policies.__file__).parent.glob("when_*.py")}


def test_each_policy_has_the_name_of_its_module_and_reads_events_that_there_are() -> None:
    for policy in POLICIES:
        assert policy.react.__module__ == f"oms_ledger.policies.{policy.name}"
        assert policy.event_types <= EVENTS.keys()
        assert policy.event_types


def test_each_module_is_a_sentence_and_in_the_list_once() -> None:
    assert Counter(policy.name for policy in POLICIES) == Counter(MODULES)
    assert all(re.fullmatch(r"when(_[a-z]+){3,}", name) for name in MODULES)
