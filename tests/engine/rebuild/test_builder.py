"""A build made beside the live one: the same rows, whatever history it is and however it is cut."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import leases
from oms_ledger.engine.project.page_source import PageReader
from oms_ledger.engine.project.pages import StoredRows, read_rows
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.rebuild import windows
from oms_ledger.engine.rebuild.builder import bulk_path
from oms_ledger.kernel import Event, Position
from tests.databases import Database
from tests.engine.project.log import Log, allocated, expected, history, stored
from tests.engine.project.tallies import TALLIES, refusing
from tests.engine.rebuild.tools import ReadModelTools


def random_history(seed: int, count: int) -> list[Event]:
    """Some streams are busy, most are seen once or twice, far apart."""
    dice = random.Random(seed)
    return [
        allocated(f"S{dice.randrange(5)}")
        if dice.random() < 0.2
        else StockReceived(
            f"S{min(dice.randrange(400), dice.randrange(400))}",
            dice.choice("ABC"),
            dice.randrange(1000),
            dice.choice([None, "r", 'a "quoted" \\ one', "ü\n\t€"]),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("page_events", [1500, 20_000])
def test_a_rebuild_equals_the_live_build(
    log: Log, tools: ReadModelTools, monkeypatch: pytest.MonkeyPatch, seed: int, page_events: int
) -> None:
    """Few rows are cached, so that some are read from the database and some are not."""
    monkeypatch.setattr(windows, "CACHED_ROWS", 300)
    events = random_history(seed, 5000)
    log.append(*events[:4000])
    tools.fold_live(4000)
    (requested,) = tools.rebuilds.request([TALLIES.name])
    tools.build(page_events)
    log.append(*events[4000:])
    tools.fold_live(5000)
    tools.build(page_events)
    assert tools.differences() == []
    assert stored(log.database, TALLIES, requested.number) == stored(log.database)
    assert stored(log.database) == expected(log.events)


def indexes(database: Database) -> dict[str, int]:
    """The number of indexes of each table."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT tablename, count(*) FROM pg_indexes WHERE tablename LIKE '%\\_v_' GROUP BY 1"
        ).fetchall()
    return {str(name): int(str(count)) for name, count in rows}


def test_indexes_come_last_and_are_those_of_the_live_build(log: Log, tools: ReadModelTools) -> None:
    log.append(*history(3000))
    tools.rebuilds.request([TALLIES.name])
    with tools.builder(page_events=1000) as builder:
        builder.step()
        assert indexes(log.database)["tallies_v2"] == 1
        assert not tools.builds()[1].indexed
        while builder.step():
            pass
    assert tools.builds()[1].indexed
    there = indexes(log.database)
    assert there["tallies_v1"] == there["tallies_v2"] == 2
    assert there["traces_v1"] == there["traces_v2"]


def test_several_are_built_in_one_pass(postgres: Database, log: Log) -> None:
    """The log is read once for all of them."""
    models = [replace(TALLIES, name="others", version=3), replace(TALLIES, name="more", version=5)]
    tools = ReadModelTools(postgres, *models)
    tools.install()
    log.append(*history(3000))
    tools.rebuilds.request(["others", "more"])
    pulled: list[tuple[int, int]] = []

    def read(
        connection: Connection, after: Position, until: Position, topics: Sequence[str]
    ) -> StoredRows:
        pulled.append((after, until))
        return read_rows(connection, after, until, topics)

    path = replace(bulk_path(1000), source=partial(PageReader, read_rows=read))
    with tools.builder(page_events=1000, path=path) as builder:
        while builder.step():
            pass
    assert [after for after, _ in pulled if after < 3000] == [0, 1000, 2000]
    for name, first in (("others", 3), ("more", 5)):
        assert [(b.number, b.position, b.indexed) for b in tools.builds(name)] == [
            (first, 0, True),
            (first + 1, 3000, True),
        ]
    assert stored(postgres, TALLIES, 4) == stored(postgres, TALLIES, 6) == expected(log.events)


POISON = 20


def test_poison_is_parked_in_the_build_too(postgres: Database, log: Log) -> None:
    """And folded in both, once it can be."""
    choosy = refusing(lambda r: r.position == POISON)
    tools = ReadModelTools(postgres, choosy)
    tools.install()
    log.append(*history(1500))
    tools.fold_live(1500)
    tools.rebuilds.request([choosy.name])
    tools.build(1100)
    with postgres.connect_projector() as connection:
        left_out = leases.parked_streams(connection, choosy.name)
        assert [(p.version, p.stream, p.first_position) for p in left_out] == [
            (number, "stock-S5@A", POISON) for number in (1, 2)
        ]
        assert left_out[0].events == left_out[1].events > 2
        assert tools.differences() == []
        assert retry_parked(connection, [TALLIES], choosy.name) == {"stock-S5@A": True}
    assert stored(postgres, TALLIES, 2) == stored(postgres) == expected(log.events)


def test_what_is_at_hand_is_forgotten_when_others_wrote(postgres: Database, log: Log) -> None:
    """A retry in the middle of a build changes rows that the builder has at hand."""
    choosy = refusing(lambda r: r.position == POISON)
    tools = ReadModelTools(postgres, choosy)
    tools.install()
    log.append(*history(4200))
    tools.rebuilds.request([choosy.name])
    with (
        tools.builder(page_events=1400, lease_seconds=0.001) as builder,
        postgres.connect_projector() as other,
    ):
        for _ in range(3):  # the page that cannot be folded, the same in parts, and one at hand
            builder.step()
        assert retry_parked(other, [TALLIES], choosy.name) == {"stock-S5@A": True}
        while builder.step():
            pass
    assert stored(postgres, TALLIES, 2) == expected(log.events)


def test_a_repeated_request_for_a_build_is_one_request(tools: ReadModelTools) -> None:
    first, second = (tools.rebuilds.request([TALLIES.name]) for _ in range(2))
    assert first == second
    assert tools.states() == {1: "live", 2: "building"}


def test_the_live_build_is_followed_and_answers_meanwhile(log: Log, tools: ReadModelTools) -> None:
    log.append(*history(100))
    tools.fold_live(100)
    tools.rebuilds.request([TALLIES.name])
    log.append(*history(20))
    tools.fold_live(120)
    assert [build.position for build in tools.builds()] == [120, 0]
