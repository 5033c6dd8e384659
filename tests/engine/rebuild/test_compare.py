"""Two builds that should be the same: an altered row is found, and named exactly."""

from __future__ import annotations

import threading

import pytest

from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild.compare import RowDifference
from tests.databases import Database
from tests.engine.project.log import Log, expected, history, received, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.rebuild.tools import ReadModelTools
from tests.resilience.followers import running


@pytest.fixture
def built(log: Log, tools: ReadModelTools) -> ReadModelTools:
    """A live build and a new one, of more rows than one page of comparison."""
    log.append(*history(300), *(received(f"T{n:04d}") for n in range(2500)))
    tools.fold_live(2800)
    tools.rebuilds.request([TALLIES.name])
    tools.build()
    return tools


def alter(database: Database, statement: str) -> None:
    with database.connect_owner() as owner:
        owner.execute(statement.encode())


def test_builds_that_are_the_same(built: ReadModelTools, log: Log) -> None:
    progress: list[tuple[str, int]] = []
    with built.rebuilds.comparison(TALLIES.name) as comparison:
        assert list(comparison.differences(lambda *done: progress.append(done))) == []
        assert {pair.table for pair in comparison.pairs} == {"tallies", "traces"}
        assert comparison.position == 2800
    assert len(progress) == 6, "a page at a time"
    rows = {table: len(rows) for table, rows in expected(log.events).items()}
    assert rows["tallies"] % 1000, "not a whole number of pages"
    assert dict(progress) == rows


def named(difference: RowDifference) -> tuple[str, dict[str, str | None], list[str]]:
    return difference.table, dict(difference.key), difference.columns


def test_an_altered_row_is_named_and_repaired(built: ReadModelTools, log: Log) -> None:
    alter(log.database, "UPDATE tallies_v1 SET units = units + 1, note = NULL WHERE sku = 'S4'")
    (difference,) = built.differences()
    assert named(difference) == ("tallies", {"sku": "S4", "place": "A"}, ["units", "note"])
    assert difference.one is not None
    assert difference.other is not None
    right = next(row for row in expected(log.events)["tallies"] if row[0] == "S4")
    assert (difference.one["units"], difference.other["units"]) == (
        str(right[2] + 1),
        str(right[2]),
    )
    assert (difference.one["note"], difference.other["note"]) == (None, right[8])
    assert "tallies sku S4, place A: units" in str(difference)

    (repaired,) = built.rebuilds.replace([TALLIES.name])
    assert built.states()[repaired.number] == "live"
    assert stored(log.database, TALLIES, repaired.number) == expected(log.events)


ALTERATIONS = {
    "a row that is gone": ("DELETE FROM traces_v1 WHERE position = 1403", "traces", False, True),
    "a row too many": (
        "INSERT INTO traces_v1 VALUES (999999, 'made up')",
        "traces",
        True,
        False,
    ),
    "the very first": ("DELETE FROM tallies_v1 WHERE sku = 'S0'", "tallies", False, True),
    "a number's last digit in JSON": (
        "UPDATE tallies_v1 SET last = jsonb_set(last, '{position}', '1.0') WHERE sku = 'T0001'",
        "tallies",
        True,
        True,
    ),
}


@pytest.mark.parametrize(
    ("statement", "table", "live", "new"), ALTERATIONS.values(), ids=ALTERATIONS.keys()
)
def test_any_alteration_is_detected(
    built: ReadModelTools, postgres: Database, statement: str, table: str, live: bool, new: bool
) -> None:
    alter(postgres, statement)
    (difference,) = built.differences()
    assert (difference.table, difference.one is not None, difference.other is not None) == (
        table,
        live,
        new,
    )


def test_an_empty_table_differs_in_every_row(built: ReadModelTools, postgres: Database) -> None:
    alter(postgres, "DELETE FROM tallies_v1")
    assert len(built.differences()) == len(stored(postgres, TALLIES, 2)["tallies"]) > 2500


def test_columns_that_are_not_meant_to_agree_are_left_out(
    built: ReadModelTools, postgres: Database
) -> None:
    alter(postgres, "UPDATE tallies_v1 SET units = 0 WHERE sku = 'S4'")
    assert built.differences(TALLIES.name, "tallies.units") == []


def test_builds_that_move_all_the_time_are_compared_at_one_position(
    log: Log, tools: ReadModelTools
) -> None:
    """Each is folded by its own projector, in pages of its own size, while events come."""
    log.append(*history(500))
    tools.fold_live(500)
    tools.rebuilds.request([TALLIES.name])
    tools.build()
    stop = threading.Event()

    def sell() -> None:
        while not stop.is_set():
            log.append(*history(7))

    selling = threading.Thread(target=sell)
    live = Projector(log.database.connect_projector, [TALLIES], page_events=3)
    with running(live), running(tools.builder(page_events=50)):
        selling.start()
        try:
            positions = set()
            for _ in range(10):
                with tools.rebuilds.comparison(TALLIES.name) as comparison:
                    assert list(comparison.differences()) == []
                    positions.add(comparison.position)
        finally:
            stop.set()
            selling.join()
    assert len(positions) > 1, "nothing happened meanwhile"
