"""Tagging an order."""

from __future__ import annotations

from oms_commands.orders.tag import TagOrder
from oms_ledger.domain.orders.events import OrderTagged
from oms_ledger.domain.orders.labels import TAGS_MAX
from oms_ledger.testing import given
from tests.commands.shop import six

TAGGED = (*six(), OrderTagged("o1", ("vip", "gift")))


def test_tags_are_added_and_removed() -> None:
    decision = given(*TAGGED).when(TagOrder, order_id="o1", add=["new", "vip"], remove=["gift"])
    decision.then(OrderTagged("o1", ("new",), ("gift",)))
    assert decision.answer["tags"] == ["vip", "new"]


def test_what_is_so_already_changes_nothing() -> None:
    given(*TAGGED).when(TagOrder, order_id="o1", add=["vip"], remove=["none"]).then()


def test_a_tag_has_no_comma_and_is_not_both_added_and_removed() -> None:
    shop = given(*TAGGED)
    shop.when(TagOrder, order_id="o1", add=["a,b"]).then_invalid("add.0")
    shop.when(TagOrder, order_id="o1", add=["a"], remove=["a"]).then_invalid("remove")
    shop.when(TagOrder, order_id="o1").then_invalid("add")


def test_tags_are_bounded() -> None:
    many = OrderTagged("o1", tuple(f"t{n}" for n in range(TAGS_MAX)))
    shop = given(*six(), many)
    shop.when(TagOrder, order_id="o1", add=["one more"]).then_refused("too_many_tags")
    shop.when(TagOrder, order_id="o1", add=["one more"], remove=["t0"]).then(
        OrderTagged("o1", ("one more",), ("t0",))
    )


def test_an_order_that_is_not_there() -> None:
    given().when(TagOrder, order_id="o1", add=["a"]).then_refused("not_found")
