"""Notes on a customer."""

from __future__ import annotations

from oms_commands.customers.note import NoteCustomer
from oms_ledger.domain.customers.events import CustomerNoted
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import given

COMMAND = NoteCustomer("c1", "prefers mornings")


def test_a_note_is_kept() -> None:
    command = COMMAND.with_subject(ResolvedSubject("c1", ("k1",), ("k1",), ("c1",)))
    given().when(command).then(CustomerNoted("c1", "prefers mornings"))


def test_a_note_on_an_unknown_customer_is_refused() -> None:
    given().when(COMMAND.with_subject(ResolvedSubject("c1"))).then_refused("not_found")
    given().when(NoteCustomer, customer_id="c1", text="").then_invalid("text")
