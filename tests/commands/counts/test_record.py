"""Recording what was counted."""

from __future__ import annotations

from oms_commands.counts.record import RecordCount
from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.counts.events import CountCreated, CountedLine, CountRecorded
from oms_ledger.testing import given
from tests.commands.counts.past import REQUESTED, counted
from tests.commands.shop import SHELF, goods


def test_each_is_compared_with_what_is_on_hand_at_this_moment() -> None:
    lines = [{"sku": "A", "counted": 8}]
    decision = given(*REQUESTED).when(RecordCount, count_id="n1", lines=lines)
    decision.then(CountRecorded("n1", (CountedLine("A", 8, 10),)))
    assert decision.answer["status"] == "counting"
    assert decision.answer["lines"] == [
        {"sku": "A", "counted": 8, "on_hand": 10, "variance": -2},
        {"sku": "B", "counted": None, "on_hand": None, "variance": None},
    ]


def test_a_sku_can_be_counted_anew() -> None:
    decision = given(*counted(8)).when(
        RecordCount, count_id="n1", lines=[{"sku": "A", "counted": 10}]
    )
    lines = decision.answer["lines"]
    assert isinstance(lines, list)
    assert lines[0]["variance"] == 0
    assert decision.answer["status"] == "counted"


def test_only_skus_of_the_count() -> None:
    past = (*REQUESTED, goods("C"))
    lines = [{"sku": "C", "counted": 1}]
    given(*past).when(RecordCount, count_id="n1", lines=lines).then_refused(
        "unknown_line", {"sku": "C"}
    )
    free = (*SHELF, CountCreated("n1", "LON"))
    given(*free).when(RecordCount, count_id="n1", lines=[{"sku": "A", "counted": 1}]).then(
        CountRecorded("n1", (CountedLine("A", 1, 10),))
    )
    given(*free).when(RecordCount, count_id="n1", lines=lines).then_refused("unknown_sku")


def test_a_kit_has_no_stock_to_count() -> None:
    kit = ProductDefined("K", "Kit", True, components=(Component("A", 2),))
    lines = [{"sku": "K", "counted": 1}]
    past = (*SHELF, kit, CountCreated("n1", "LON"))
    refused = given(*past).when(RecordCount, count_id="n1", lines=lines)
    refused.then_refused("is_kit", {"sku": "K"})


def test_what_cannot_be() -> None:
    given().when(RecordCount, count_id="n1", lines=[{"sku": "A", "counted": 1}]).then_refused(
        "not_found"
    )
    given(*REQUESTED).when(
        RecordCount, count_id="n1", lines=[{"sku": "A", "counted": -1}]
    ).then_invalid("lines.0.counted")
    given(*REQUESTED).when(
        RecordCount, count_id="n1", lines=[{"sku": "A", "counted": 1}] * 2
    ).then_invalid("lines")
