"""The end of a schedule, by itself or by a person."""

from __future__ import annotations

from oms_commands.fulfilments.release_schedule import ReleaseFulfilmentSchedule
from oms_ledger.domain.fulfilments.events import FulfilmentDue, FulfilmentScheduled
from oms_ledger.testing import CONTEXT, given
from tests.commands.fulfilments.past import WORK, opened
from tests.commands.fulfilments.test_schedule import SCHEDULED
from tests.commands.shop import six


def test_a_person_need_not_wait() -> None:
    decision = given(*SCHEDULED).when(ReleaseFulfilmentSchedule(fulfilment_id=WORK))
    decision.then(FulfilmentDue(WORK))
    assert decision.answer["status"] == "open"


def test_the_deadline_does_nothing_before_its_time() -> None:
    command = ReleaseFulfilmentSchedule(fulfilment_id=WORK, if_due=True)
    given(*SCHEDULED).when(command).then()
    due = (*six(), *opened(), FulfilmentScheduled(WORK, CONTEXT.now))
    given(*due).when(command).then(FulfilmentDue(WORK))
    given(*six(), *opened()).when(command).then()
