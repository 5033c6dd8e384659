"""Events of messages folded into rows."""

from __future__ import annotations

from dataclasses import asdict

from oms_ledger.domain.messages.events import MessageEvent, MessageFailed, MessageSent
from oms_ledger.testing import given, recorded
from oms_projections.messages.fold import READ_MODEL, row_of
from oms_projections.messages.rows import MessageRow
from oms_projections.messages.views import shown
from tests.commands.messages.past import REQUESTED

FAILED = MessageFailed("m1", "mailbox full")


def the_row(*events: MessageEvent) -> MessageRow:
    (row,) = given(*events).folded_into(READ_MODEL).of(MessageRow)
    assert row == row_of(recorded(events))
    return row


def test_a_message_is_a_row_with_what_lists_filter_by() -> None:
    row = the_row(REQUESTED)
    assert row.channel == "web"
    assert row.facets == ["status:requested", "template:placed", "order:o1"]


def test_a_message_fails_and_is_sent_after_all() -> None:
    failed = the_row(REQUESTED, FAILED)
    assert failed.facets[0] == "status:failed"
    assert failed.updated_at > failed.requested_at
    answer = shown(asdict(failed))
    assert (answer["reason"], answer["version"]) == ("mailbox full", 2)
    sent = the_row(REQUESTED, FAILED, MessageSent("m1", "ref-1"))
    assert sent.facets[0] == "status:sent"
    assert '"reference":"ref-1"' in sent.document
