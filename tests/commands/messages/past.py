"""The past of a message."""

from __future__ import annotations

from oms_ledger.domain.messages.events import MessageRequested
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event
from oms_ledger.testing import replace
from tests.commands.shop import six

REQUESTED = MessageRequested("m1", "o1", "placed", "web")


def with_address(*events: Event) -> tuple[Event, ...]:
    """The same, in which each order has the e-mail address of its customer."""
    ada = Customer("c1", email=Personal("ada@example.com"))
    return tuple(
        replace(event, terms=replace(event.terms, customer=ada))
        if isinstance(event, OrderPlaced)
        else event
        for event in events
    )


SIX = with_address(*six())
"""An order of the channel web, with an e-mail address."""

MESSAGE = (*SIX, REQUESTED)
