"""Writing a note on an order."""

from __future__ import annotations

from oms_commands.orders.note import NoteOrder
from oms_ledger.domain.orders.events import OrderNoted
from oms_ledger.testing import given
from tests.commands.shop import six


def test_a_note_is_for_the_timeline() -> None:
    given(*six()).when(NoteOrder, order_id="o1", text="Pack as a gift.").then(
        OrderNoted("o1", "Pack as a gift.")
    )


def test_it_has_a_text_and_an_order() -> None:
    given(*six()).when(NoteOrder, order_id="o1", text=" ").then_invalid("text")
    given().when(NoteOrder, order_id="o1", text="x").then_refused("not_found")
