"""Restriction of the processing of a customer's data, and all that it blocks."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_commands.customers.note import NoteCustomer
from oms_commands.customers.restrict import RestrictCustomer
from oms_commands.customers.tag import TagCustomer
from oms_commands.messages.request import RequestMessage
from oms_ledger.domain.customers.events import (
    CustomerNoted,
    CustomerRestricted,
    CustomerRestrictionLifted,
    CustomerTagged,
)
from oms_ledger.domain.messages.events import MessageRequested
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.personal import Person, ResolvedSubject
from oms_ledger.testing import given
from tests.commands.messages.past import with_address
from tests.commands.risk.test_put_rule import order
from tests.commands.shop import SHELF, six

SUBJECT = ResolvedSubject("c1", ("k1",), ("k1",), ("c1", "key:k1"))
RESTRICTED = CustomerRestricted("c1", "accuracy contested", "letter of 7 May")
LIFTED = CustomerRestrictionLifted("c1", "verified, customer informed")
FIELDS: dict[str, Any] = {"reason": "accuracy contested", "reference": "letter of 7 May"}


def test_it_has_a_reason_and_is_in_force_once() -> None:
    command = RestrictCustomer(customer_id="c1", **FIELDS).with_subject(SUBJECT)
    decision = given().when(command)
    decision.then(RESTRICTED)
    assert decision.answer == {"customer_id": "c1", "restriction": FIELDS}
    given(RESTRICTED).when(command).then()
    given().when(RestrictCustomer, customer_id="c1", reason="").then_invalid("reason")


def test_a_customer_without_data_is_refused() -> None:
    command = RestrictCustomer(customer_id="c1", **FIELDS)
    given().when(command.with_subject(ResolvedSubject("c1"))).then_refused("not_found")


def test_a_guest_is_restricted_by_address_which_is_not_written_down() -> None:
    command = RestrictCustomer(customer_id="ada@example.com", reason="objection")
    guest = ResolvedSubject("key:k1", ("k1",), ("k1",))
    given().when(command.with_subject(guest)).then(CustomerRestricted("key:k1", "objection"))


# What it blocks.


def message(*, if_possible: bool = False) -> RequestMessage:
    return RequestMessage(order_id="o1", template="shipped", if_possible=if_possible)


def test_no_message_is_written() -> None:
    past = (*with_address(*six()), RESTRICTED)
    given(*past).when(message()).then_refused("restricted", {"customer_id": "c1"})
    given(*past).when(message(if_possible=True)).then()
    (written,) = given(*past, LIFTED).when(message(if_possible=True)).events
    assert isinstance(written, MessageRequested)


def test_no_message_is_written_to_a_guest_by_their_record() -> None:
    restricted = CustomerRestricted("key:k1", "objection")
    command = message().with_person(Person(None, "order:o1", record="key:k1"))
    past = with_address(*six())
    given(*past, restricted).when(command).then_refused("restricted", {"customer_id": "key:k1"})
    assert given(*past).when(command).events


def test_no_tag_is_added_and_those_that_there_are_can_be_removed() -> None:
    tagged = CustomerTagged("c1", ("vip",))
    add = TagCustomer(customer_id="c1", add=("new",)).with_subject(SUBJECT)
    given(tagged, RESTRICTED).when(add).then_refused("restricted", {"customer_id": "c1"})
    given(tagged, RESTRICTED, LIFTED).when(add).then(CustomerTagged("c1", ("new",)))
    remove = TagCustomer(customer_id="c1", remove=("vip",)).with_subject(SUBJECT)
    given(tagged, RESTRICTED).when(remove).then(CustomerTagged("c1", (), ("vip",)))


@pytest.mark.parametrize("record", ["c1", "key:k1"])
def test_nothing_is_erased(record: str) -> None:
    """Erasure is processing too, and who has restricted it may need what is kept."""
    restricted = CustomerRestricted(record, "legal claim")
    forget = ForgetCustomer(customer_id="c1", reason="period over").with_subject(SUBJECT)
    given(restricted).when(forget).then_refused("restricted", {"customer_id": record})
    assert given(restricted, CustomerRestrictionLifted(record, "over")).when(forget).events


# What it does not.


def test_a_note_may_be_written_and_an_order_placed() -> None:
    note = NoteCustomer(customer_id="c1", text="The letter was answered.").with_subject(SUBJECT)
    given(RESTRICTED).when(note).then(CustomerNoted("c1", "The letter was answered."))
    placed = given(*SHELF, RESTRICTED).when(order(1, customer={"id": "c1"}))
    assert any(isinstance(each, OrderPlaced) for each in placed.events)
