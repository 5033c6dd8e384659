"""Swaps of builds: in one transaction, back again, and without an older answer."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from oms_ledger.domain.errors import NotFound, Refused, Unavailable
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild import builds
from tests.engine.project.log import Log, expected, history, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.rebuild.tools import ReadModelTools, open_readers
from tests.engine.rebuild.wider import WIDER
from tests.resilience.followers import running
from tests.resilience.hostile import wait_until


@pytest.fixture
def built(log: Log, tools: ReadModelTools) -> ReadModelTools:
    log.append(*history(60))
    tools.fold_live(60)
    tools.rebuilds.request([TALLIES.name])
    tools.build()
    return tools


def test_swapped_and_back(built: ReadModelTools, log: Log) -> None:
    database = log.database
    built.rebuilds.swap(TALLIES.name)
    assert built.states() == {1: "retired", 2: "live"}
    log.append(*history(30))
    built.fold_live(90)
    assert stored(database, TALLIES, 2) == expected(log.events)
    assert stored(database, TALLIES, 1) == expected(log.events[:60]), (
        "a retired build is not folded"
    )
    with open_readers(database) as readers, readers.open(TALLIES.name) as (reader, position):
        assert position == 90
        assert len(reader.rows("all")) == len(expected(log.events)["tallies"])

    built.rebuilds.swap_back(TALLIES.name)
    assert built.states() == {1: "live", 2: "retired"}
    assert stored(database, TALLIES, 1) == expected(log.events)
    built.rebuilds.drop(TALLIES.name, 2)
    assert built.states() == {1: "live"}
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('tallies_v2')").fetchone() == (None,)


def test_what_cannot_be_swapped_is_refused(log: Log, tools: ReadModelTools) -> None:
    log.append(*history(60))
    with pytest.raises(NotFound, match="no build that is building"):
        tools.rebuilds.swap(TALLIES.name)
    tools.rebuilds.request([TALLIES.name])
    with pytest.raises(Refused, match="is being built"):
        tools.rebuilds.swap(TALLIES.name)
    with pytest.raises(Refused, match="Swap another in first"):
        tools.rebuilds.drop(TALLIES.name, 1)
    with pytest.raises(NotFound, match="no build 7"):
        tools.rebuilds.drop(TALLIES.name, 7)


def test_a_number_is_never_given_twice(built: ReadModelTools, log: Log) -> None:
    """A process may still hold rows or statements of a dropped build, such as its builder."""
    with built.builder() as builder:
        builder.step()
        built.rebuilds.drop(TALLIES.name, 2)
        log.append(*history(30))
        assert [build.number for build in built.rebuilds.request([TALLIES.name])] == [3]
        built.rebuilds.drop(TALLIES.name, 3)
        built.rebuilds.request([TALLIES.name])
        for _ in range(4):
            builder.step()
    assert built.states() == {1: "live", 4: "building"}
    assert stored(log.database, TALLIES, 4) == expected(log.events)


def test_a_build_that_is_behind_never_goes_live(built: ReadModelTools, log: Log) -> None:
    log.append(*history(30))
    built.fold_live(90)
    with built.owner() as owner, pytest.raises(Unavailable, match="it is behind"):
        builds.swap(owner, TALLIES.name, 2, seconds=0.5)
    assert built.states() == {1: "live", 2: "building"}
    built.rebuilds.swap(TALLIES.name)  # which brings it up to date itself
    assert [b.position for b in built.builds()] == [90, 90]


def test_an_answer_that_was_begun_before_a_swap_is_finished_as_it_was(
    built: ReadModelTools, log: Log
) -> None:
    """Even where the new build was made after it had begun."""
    right = stored(log.database)["tallies"]
    with open_readers(log.database) as readers, readers.open(TALLIES.name) as (reader, position):
        log.append(*history(30))
        built.fold_live(90)
        built.rebuilds.swap(TALLIES.name)
        before = [(row["sku"], row["units"]) for row in reader.rows("all")]
        assert before == [(row[0], row[2]) for row in right]
        with (
            pytest.raises(Unavailable, match="a transaction still reads it"),
            built.owner() as owner,
        ):
            builds.drop(owner, TALLIES.name, 1, seconds=0.3)
        assert len(reader.rows("all")) == len(right)
    with open_readers(log.database) as readers, readers.open(TALLIES.name) as (_, position):
        assert position == 90
    built.rebuilds.drop(TALLIES.name, 1)


def test_a_long_report_on_a_view_delays_a_swap_and_no_other_session(
    built: ReadModelTools, log: Log
) -> None:
    """The swap queues for the view's lock for a moment at a time, so that others get through."""
    with log.database.connect_owner() as report:
        report.execute("BEGIN")
        report.execute("SELECT count(*) FROM tallies")
        with built.owner() as owner, pytest.raises(Unavailable, match="other sessions hold locks"):
            builds.swap(owner, TALLIES.name, 2, seconds=0.5)
        assert built.states() == {1: "live", 2: "building"}
        report.execute("ROLLBACK")
    built.rebuilds.swap(TALLIES.name)
    assert built.states() == {1: "retired", 2: "live"}


def test_no_reader_goes_back_while_builds_are_swapped(built: ReadModelTools, log: Log) -> None:
    """Read your writes, by a reader who waits for every position, while builds change places."""
    stop, wrong, requested = threading.Event(), list[str](), list[int]()

    def read() -> None:
        with open_readers(log.database) as readers:
            last = 0
            while not stop.is_set():
                with readers.open(TALLIES.name) as (reader, position):
                    counts = {row["sku"]: row["events"] for row in reader.rows("all")}
                right = {row[0]: row[3] for row in expected(log.events[:position])["tallies"]}
                if counts != right or position < last:
                    wrong.append(f"{counts} is not {right} at {position}, after {last}")
                last = position
                requested.append(position)

    reading = threading.Thread(target=read)
    with (
        running(Projector(log.database.connect_projector, [TALLIES], page_events=10)),
        running(built.builder(lease_seconds=1.0)),
    ):
        reading.start()
        try:
            for _ in range(4):
                log.append(*history(21))
                back = "retired" in built.states().values()
                (built.rebuilds.swap_back if back else built.rebuilds.swap)(TALLIES.name)
        finally:
            stop.set()
            reading.join()
    assert wrong == []
    assert len(set(requested)) > 2


# Another shape.


def test_a_new_shape_is_built_compared_swapped_and_swapped_back(
    log: Log, tools: ReadModelTools
) -> None:
    database = log.database
    log.append(*history(60))
    tools.fold_live(60)
    both = ReadModelTools(database, TALLIES, WIDER)
    both.install()
    assert both.states() == {1: "live", 2: "building"}
    both.build()
    differing = both.differences()
    assert {tuple(each.columns) for each in differing} == {("last",)}, "it means something else"
    assert both.differences(TALLIES.name, "tallies.last") == []

    both.rebuilds.swap(TALLIES.name)
    with open_readers(database, WIDER) as readers, readers.open(TALLIES.name) as (reader, _):
        largest = {row["sku"]: row["largest"] for row in reader.rows("all")}
    assert largest["S4"] == 53
    with database.connect() as connection:
        views = connection.execute("SELECT count(largest) FROM tallies").fetchone()
    assert views == (len(largest),)

    log.append(*history(30))
    both.fold_live(90)
    with pytest.raises(Refused, match="holds rows of shape 1"):
        ReadModelTools(database, WIDER).rebuilds.swap_back(TALLIES.name)
    tools.rebuilds.swap_back(TALLIES.name)
    assert both.states() == {1: "live", 2: "retired"}
    assert stored(database) == expected(log.events)
    with database.connect() as connection:
        assert connection.execute("SELECT count(note) FROM tallies").fetchone() is not None


def test_a_program_that_replaces_another_takes_its_read_models_over(
    log: Log, tools: ReadModelTools
) -> None:
    """Nobody can fold the old shape any more: the new one goes live by itself when it is done;
    and the same the other way round, when the old program is back."""
    log.append(*history(60))
    tools.fold_live(60)
    later = ReadModelTools(log.database, WIDER)
    later.install()
    with running(later.builder()):
        wait_until(lambda: later.states() == {1: "retired", 2: "live"})
    log.append(*history(30))
    later.fold_live(90)
    tools.install()
    with running(tools.builder()):
        wait_until(lambda: tools.states() == {1: "live", 2: "retired"})
    assert stored(log.database) == expected(log.events)


def test_taking_over_where_no_worker_runs(log: Log, tools: ReadModelTools) -> None:
    log.append(*history(60))
    tools.fold_live(60)
    later = ReadModelTools(log.database, WIDER)
    later.install()
    later.rebuilds.replace_orphaned()
    assert later.states() == {1: "retired", 2: "live"}
    later.rebuilds.replace_orphaned()
    assert later.states() == {1: "retired", 2: "live"}


def test_a_program_beside_another_takes_nothing_over(log: Log, tools: ReadModelTools) -> None:
    log.append(*history(60))
    with running(Projector(log.database.connect_projector, [TALLIES])):
        tools.fold_live(60)
        later = ReadModelTools(log.database, WIDER)
        later.install()
        later.build()
        assert later.states() == {1: "live", 2: "building"}
        assert later.builds()[1].indexed


STATES = (builds.BUILDING, builds.LIVE, builds.RETIRED, builds.DROPPED)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("later", STATES)
def test_only_transitions_in_the_table_are_allowed(
    built: ReadModelTools, state: str, later: str
) -> None:
    live, building = built.builds()
    record = replace(building, state=state)
    with built.owner() as owner:
        builds.set_state(owner, live, builds.RETIRED)  # a read model has one live build at most
        if later in builds.TRANSITIONS[state]:
            builds.set_state(owner, record, later)
        else:
            with pytest.raises(ValueError, match=f"{state} and cannot become {later}"):
                builds.set_state(owner, record, later)
    expected_state = later if later in builds.TRANSITIONS[state] else builds.BUILDING
    assert built.states().get(record.number, builds.DROPPED) == expected_state
