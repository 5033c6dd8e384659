"""What follows for the cases of a shipment when it is delivered."""

from __future__ import annotations

from typing import get_args

import pytest

from oms_commands.cases.close import CloseCase
from oms_ledger.domain.cases.events import CaseClosed, CaseKind
from oms_ledger.domain.fulfilment.events import ShipmentDelivered
from oms_ledger.policies.when_shipment_delivered_close_its_delay import POLICY
from oms_ledger.testing import given
from tests.commands.cases.past import opened
from tests.commands.shop import AT, UNDER_WAY

ARRIVED = ShipmentDelivered("s1", "o1", AT)


@pytest.mark.parametrize("kind", get_args(CaseKind))
def test_what_only_kept_it_waiting_is_over(kind: str) -> None:
    follows = given(*UNDER_WAY, opened(kind), ARRIVED).reaction_of(POLICY)
    close = CloseCase(case_id="s1@1", resolution="arrived", if_open=True)
    assert follows == ([close] if kind in ("delayed", "failed", "other") else [])


def test_closed_cases_and_those_of_other_shipments_stay() -> None:
    closed = (opened("delayed"), CaseClosed("s1@1", "none"))
    assert given(*UNDER_WAY, *closed, ARRIVED).reaction_of(POLICY) == []
    other = ShipmentDelivered("s", "o1", AT)
    assert given(*UNDER_WAY, opened("delayed"), other).reaction_of(POLICY) == []
    assert given(*UNDER_WAY, ARRIVED).reaction_of(POLICY) == []
