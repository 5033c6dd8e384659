"""Lives of a warehouse at random: after every command each unit is in one place alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger
from tests.commands.checks import folded_anew
from tests.commands.fulfilments.warehouse import WarehouseLife
from tests.commands.test_whole_lives import check_units, stored

LIVES = st.lists(st.integers(0, 10**9), min_size=30, max_size=90)


def live(moves: Sequence[int]) -> WarehouseLife:
    with MemoryLedger() as ledger:
        life = WarehouseLife(ledger)
        for move in moves:
            before = life.books.position
            life.play(move)
            if life.books.position > before:
                check_units(life)
                life.check_work()
        assert folded_anew(life.history()) == life.books.states
        checker = LogChecker(codec.decode, len(life.history()))
        checker.page(stored(life.history()))
        assert checker.finish() == []
        return life


@pytest.mark.slow
@given(LIVES)
@settings(max_examples=settings().max_examples * 4)
def test_each_unit_is_in_one_place_in_any_life(moves: list[int]) -> None:
    live(moves)


@pytest.mark.long
@given(LIVES)
@settings(max_examples=5000)
def test_so_it_is_in_thousands_of_lives(moves: list[int]) -> None:
    live(moves)
