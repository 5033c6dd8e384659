"""Planning a count."""

from __future__ import annotations

from oms_commands.counts.create import CreateCount
from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.counts.events import CountCreated, CountItem
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import SHELF


def test_it_is_blind() -> None:
    decision = given(*SHELF).when(CreateCount, location="LON", skus=["A"])
    decision.then(CountCreated(CONTEXT.command_id, "LON", (CountItem("A"),)))
    assert decision.answer["status"] == "requested"
    assert decision.answer["lines"] == [
        {"sku": "A", "counted": None, "on_hand": None, "variance": None}
    ]


def test_without_skus_any_can_be_counted() -> None:
    given(*SHELF).when(CreateCount, location="LON", reference="aisle 4").then(
        CountCreated(CONTEXT.command_id, "LON", (), "aisle 4")
    )


def test_a_kit_has_no_stock_to_count() -> None:
    kit = ProductDefined("K", "Kit", True, components=(Component("A", 2),))
    refused = given(*SHELF, kit).when(CreateCount, location="LON", skus=["A", "K"])
    refused.then_refused("is_kit", {"sku": "K"})


def test_what_cannot_be() -> None:
    given(*SHELF).when(CreateCount, location="MAN").then_refused("unknown_location")
    given(*SHELF).when(CreateCount, location="LON", skus=["N"]).then_refused("unknown_sku")
    given(*SHELF).when(CreateCount, location="LON", skus=["A", "A"]).then_invalid("skus")
