"""No more of a product is sold before it is there."""

from __future__ import annotations

from oms_commands.catalogue.end_preorder import EndPreorder
from oms_ledger.testing import given, replace
from tests.commands.orders.test_place import line, order
from tests.commands.orders.test_preorders import SHELF, sold_early
from tests.commands.shop import place


def test_no_more_is_sold_and_the_product_stays_as_it_is() -> None:
    goods = replace(sold_early(), preorder=None)
    decision = given(*SHELF).when(EndPreorder("A"))
    decision.then(goods)
    assert (decision.answer["available_at"], decision.answer["cap"]) == (None, None)
    given(*SHELF, goods).when(order(line(3))).then_refused("insufficient_stock")


def test_what_has_ended_and_what_never_was() -> None:
    given(place(), replace(sold_early(), preorder=None)).when(EndPreorder("A")).then()
    given(place()).when(EndPreorder("A")).then_refused("unknown_sku")
