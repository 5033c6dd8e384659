"""The page of states is what the rules of the code say now, and has every state and command."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from oms_commands import COMMANDS
from oms_ledger.cli.states import (
    AXES,
    ORDERS,
    PAYMENTS,
    RETURNS,
    Axis,
    commands_of,
    reached,
    states,
)
from oms_projections.order_status.lists import OrderStatus
from oms_projections.payments.queries import Status as PaymentStatus
from oms_projections.returns.queries import Status as ReturnStatus

PAGE = Path(__file__).parents[2] / "docs" / "states.md"
ELSEWHERE = {"ForgetOrder"}
"""Commands about an order that are no step in its life."""


def test_the_page_equals_the_generated_one() -> None:
    assert PAGE.read_text("utf-8") == states(), "docs/states.md is old; `make docs` writes it anew"


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.title)
def test_each_recipe_leads_to_its_state(axis: Axis) -> None:
    """What stands behind a comma is a circumstance of the state."""
    names = {name: reached(axis, recipe) for name, recipe in axis.recipes.items()}
    assert {n.partition(",")[0]: s.partition(",")[0] for n, s in names.items()} == {
        name.partition(",")[0]: name.partition(",")[0] for name in names
    }


def test_every_state_is_on_the_page() -> None:
    assert {name.partition(",")[0] for name in ORDERS} == set(get_args(OrderStatus))
    assert set(PAYMENTS) == set(get_args(PaymentStatus))
    assert set(RETURNS) == set(get_args(ReturnStatus))


def test_every_command_about_one_of_them_is_tried() -> None:
    tried = {command.name for axis in AXES for command in commands_of(axis)}
    names = ("{order_id}", "{shipment_id}", "{payment_id}", "{return_id}")
    about = {
        name for name, command in COMMANDS.items() if any(n in command.route.path for n in names)
    }
    assert about - tried == ELSEWHERE
