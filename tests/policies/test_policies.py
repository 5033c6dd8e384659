"""The list of the policies, and their modules."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import oms_ledger.policies
from oms_ledger.domain.orders.events import OrderReceived
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.registry import EVENTS
from oms_ledger.policies import POLICIES, when_order_received_place_it
from oms_ledger.testing import replace
from oms_ledger.testing.history import START, recorded
from oms_ledger.testing.log import LogUntil, Records

MODULES = {path.stem for path in Path(oms_ledger.policies.__file__).parent.glob("when_*.py")}


def test_each_policy_has_the_name_of_its_module_and_reads_events_that_there_are() -> None:
    for policy in POLICIES:
        assert policy.react.__module__ == f"oms_ledger.policies.{policy.name}"
        assert policy.event_types <= EVENTS.keys()
        assert policy.event_types


def test_each_module_is_a_sentence_and_in_the_list_once() -> None:
    assert Counter(policy.name for policy in POLICIES) == Counter(MODULES)
    assert all(re.fullmatch(r"when(_[a-z]+){3,}", name) for name in MODULES)


def test_none_reacts_to_what_an_import_has_written() -> None:
    """Each policy that runs is wrapped; a policy that would react to the event does not, where an
    import has written it."""
    event = when_order_received_place_it.POLICY
    (plain,) = recorded([OrderReceived("o1", "WEB-000001", OrderTerms("web", "GBP", ()), *DATES)])
    by_import = replace(plain, meta=replace(plain.meta, command="ImportOrder"))
    log = LogUntil(Records([plain]), 1)
    (running,) = [policy for policy in POLICIES if policy.name == event.name]
    assert len(running.react(plain, log)) == 1
    assert running.react(by_import, log) == ()
    for policy in POLICIES:
        assert policy.react(by_import, log) == (), policy.name


DATES = (START, START, START)
