"""Recording that messages failed."""

from __future__ import annotations

from oms_commands.messages.fail import FailMessage
from oms_ledger.domain.messages.events import MessageFailed, MessageSent
from oms_ledger.testing import given
from tests.commands.messages.past import MESSAGE

FULL = MessageFailed("m1", "mailbox full")


def test_a_message_fails_with_a_reason() -> None:
    decision = given(*MESSAGE).when(FailMessage, message_id="m1", reason="mailbox full")
    decision.then(FULL)
    assert (decision.answer["status"], decision.answer["reason"]) == ("failed", "mailbox full")
    again = given(*MESSAGE, FULL)
    again.when(FailMessage, message_id="m1", reason="mailbox full").then()
    other = MessageFailed("m1", "no such mailbox")
    again.when(FailMessage, message_id="m1", reason=other.reason).then(other)
    given(*MESSAGE).when(FailMessage, message_id="m1", reason="").then_invalid("reason")


def test_a_message_that_was_sent_may_come_back() -> None:
    past = given(*MESSAGE, MessageSent("m1", "ref-1"))
    decision = past.when(FailMessage, message_id="m1", reason="mailbox full")
    decision.then(FULL)
    assert decision.answer["reference"] == "ref-1"


def test_a_message_that_is_not_there_does_not_fail() -> None:
    given().when(FailMessage, message_id="m1", reason="why").then_refused("not_found")
