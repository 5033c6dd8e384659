"""Lives of a warehouse at random: after every command each unit is in one place alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_commands.fulfilments import COMMANDS, move, pick, reject
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.fulfilments import reroute, rules, work
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockReleased
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Change
from oms_ledger.testing import MemoryLedger
from tests.commands.checks import folded_anew
from tests.commands.fulfilments.warehouse import WarehouseLife
from tests.commands.test_whole_lives import check_units, stored
from tests.tiers import others_long

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
def test_each_unit_is_in_one_place_in_any_life(moves: list[int]) -> None:
    live(moves)


@pytest.mark.long
@given(LIVES)
@settings(max_examples=5000)
def test_so_it_is_in_thousands_of_lives(moves: list[int]) -> None:
    live(moves)


# The lives are lively: whoever breaks a rule is caught.

Sabotage = Callable[[pytest.MonkeyPatch], None]


def picked_units_stay_where_they_are(patch: pytest.MonkeyPatch) -> None:
    def unchanged(changes: Sequence[Change], *_: object) -> list[Change]:
        return list(changes)

    for module in (rules, reject, move, pick):
        patch.setattr(module, "with_put_back", unchanged)


def a_part_leaves_its_units_to_the_rest(patch: pytest.MonkeyPatch) -> None:
    share = work._share

    def twice(
        order: Order, works: dict[str, work.Work], location: str, units: dict[str, int]
    ) -> None:
        share(order, works, location, units)
        for line_id, n in units.items():
            if any(w.name.part > 1 and w.open for w in works.values()):
                work._of(order, works, location).open[line_id] = n

    patch.setattr(work, "_share", twice)


def what_is_moved_is_not_released(patch: pytest.MonkeyPatch) -> None:
    moved = reroute.moved

    def kept(case: rules.FulfilmentTarget, allocations: Iterable[Allocation]) -> list[Change]:
        changes = moved(case, allocations)
        return [each for each in changes if not isinstance(each.event, StockReleased)]

    patch.setattr(move, "moved", kept)


def some_lives(number: int) -> Counter[str]:
    """How often each command was executed or refused in so many lives."""
    done: Counter[str] = Counter()
    for seed in range(number):
        chance = random.Random(seed)
        done.update(live([chance.randrange(10**9) for _ in range(80)]).done)
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    "sabotage",
    others_long(
        [
            picked_units_stay_where_they_are,
            a_part_leaves_its_units_to_the_rest,
            what_is_moved_is_not_released,
        ],
        picked_units_stay_where_they_are,
    ),
    ids=lambda each: each.__name__,
)
def test_a_broken_rule_is_caught(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):
        some_lives(60)


@pytest.mark.slow
def test_the_lives_reach_every_command() -> None:
    done = some_lives(120)
    idle = {command.name for command in COMMANDS if not done[command.name]}
    assert idle == set()
