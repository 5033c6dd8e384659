"""Recording that messages were sent."""

from __future__ import annotations

from oms_commands.messages.send import SendMessage
from oms_ledger.domain.messages.events import MessageFailed, MessageSent
from oms_ledger.testing import given
from tests.commands.messages.past import MESSAGE

SENT = MessageSent("m1", "ref-1")


def test_a_message_is_sent_once() -> None:
    decision = given(*MESSAGE).when(SendMessage, message_id="m1", reference="ref-1")
    decision.then(SENT)
    assert (decision.answer["status"], decision.answer["reference"]) == ("sent", "ref-1")
    given(*MESSAGE, SENT).when(SendMessage, message_id="m1", reference="ref-1").then()
    given(*MESSAGE, SENT).when(SendMessage, message_id="m1").then()
    other = given(*MESSAGE, SENT).when(SendMessage, message_id="m1", reference="ref-2")
    other.then_refused("illegal_transition")


def test_a_message_that_failed_may_be_sent_after_all() -> None:
    past = given(*MESSAGE, MessageFailed("m1", "mailbox full"))
    decision = past.when(SendMessage, message_id="m1")
    decision.then(MessageSent("m1"))
    assert (decision.answer["status"], decision.answer["reason"]) == ("sent", None)


def test_a_message_that_is_not_there_is_not_sent() -> None:
    given().when(SendMessage, message_id="m1").then_refused("not_found")
