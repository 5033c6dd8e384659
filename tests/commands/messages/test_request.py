"""Requesting messages to customers."""

from __future__ import annotations

import pytest

from oms_commands.messages.request import RequestMessage
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.messages.events import MessageRequested
from oms_ledger.domain.orders.events import OrderPlaced, OrderReceived
from oms_ledger.domain.personal import Person, personal_values, with_fields
from oms_ledger.kernel import Event, field_names
from oms_ledger.testing import CONTEXT, given, replace
from oms_ledger.testing.decision import decide
from tests.commands.messages.past import SIX
from tests.commands.shop import six

ID = f"o1@{CONTEXT.command_id}"
GERMAN = ChannelDefined("web", messages=True, locale="de")


def test_a_message_names_its_order_and_template_and_nothing_personal() -> None:
    decision = given(*SIX).when(
        RequestMessage, order_id="o1", template="shipped", part_id="s1", locale="en-GB"
    )
    event = MessageRequested(ID, "o1", "shipped", "web", "s1", "en-GB")
    decision.then(event)
    assert decision.answer == {"order_id": "o1", "template": "shipped", "message_id": ID}
    assert personal_values(event) == []
    assert "ada" not in repr([getattr(event, name) for name in field_names(type(event))]).lower()


@pytest.mark.parametrize(("locale", "of_message"), [(None, "de"), ("fr", "fr")])
def test_the_locale_is_that_of_the_channel_unless_it_is_given(
    locale: str | None, of_message: str
) -> None:
    decision = given(GERMAN, *SIX).when(
        RequestMessage, order_id="o1", template="placed", locale=locale
    )
    decision.then(MessageRequested(ID, "o1", "placed", "web", None, of_message))


def test_a_message_of_a_sensitive_order_is_sensitive() -> None:
    past: list[Event] = [
        replace(event, sensitive=True) if isinstance(event, OrderPlaced) else event for event in SIX
    ]
    decision = given(*past).when(RequestMessage, order_id="o1", template="placed")
    decision.then(MessageRequested(ID, "o1", "placed", "web", sensitive=True))


def test_an_order_without_an_address_gets_none() -> None:
    order = given(*six())
    refused = order.when(RequestMessage, order_id="o1", template="placed")
    assert "e-mail address" in refused.then_refused("no_email_address").detail
    silent = order.when(RequestMessage, order_id="o1", template="placed", if_possible=True)
    silent.then()
    assert silent.answer["message_id"] is None


def test_the_order_of_a_forgotten_customer_gets_none() -> None:
    command = RequestMessage("o1", "placed").with_person(Person("c1", "order:o1", forgotten=True))
    decide(command, SIX).then_refused("no_email_address")
    decide(with_fields(command, if_possible=True), SIX).then()
    living = RequestMessage("o1", "placed").with_person(Person("c1", "order:o1"))
    assert len(decide(living, SIX).events) == 1


def test_there_is_no_message_about_an_order_that_is_not_placed() -> None:
    given().when(RequestMessage, order_id="o1", template="placed").then_refused("not_found")
    placed = next(event for event in SIX if isinstance(event, OrderPlaced))
    dates = (placed.placed_at, placed.ship_by, placed.deliver_by)
    received = OrderReceived("o1", placed.number, placed.terms, *dates)
    queued = given(received).when(RequestMessage, order_id="o1", template="placed")
    queued.then_refused("illegal_transition")


@pytest.mark.parametrize(
    ("field", "value"), [("template", "spam"), ("locale", "en_GB"), ("locale", "\n")]
)
def test_templates_and_locales_are_checked(field: str, value: str) -> None:
    body = {"order_id": "o1", "template": "placed", field: value}
    given(*SIX).when(RequestMessage, **body).then_invalid(field)
