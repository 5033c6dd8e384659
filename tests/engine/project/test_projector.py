"""Folding pages: the rows are those of a fold in memory, however the log is cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from oms_ledger.engine.project import leases
from oms_ledger.engine.project.commit import Fenced
from oms_ledger.engine.project.projector import LIVE_PATH, Projector
from tests.databases import Database
from tests.engine.project.log import Log, expected, history, install, position, stored
from tests.engine.project.tallies import TALLIES


@pytest.fixture
def log(postgres: Database) -> Iterator[Log]:
    install(postgres)
    log = Log(postgres)
    yield log
    log.close()


def run_to_end(projector: Projector) -> int:
    events = 0
    while folded := projector.step():
        events += folded
    return events


@pytest.mark.parametrize("page_events", [1, 3, 7, 100, 5000])
def test_rows_equal_a_fold_in_memory_however_pages_are_cut(log: Log, page_events: int) -> None:
    log.append(*history(60))
    with Projector(log.database.connect_projector, [TALLIES], page_events=page_events) as projector:
        assert run_to_end(projector) == 60
        log.append(*history(41))
        assert run_to_end(projector) == 41
        assert projector.step() == 0
    assert stored(log.database) == expected(log.events)
    assert position(log.database) == 101


def test_install_may_be_called_again_and_by_several_at_once(postgres: Database) -> None:
    errors: list[BaseException] = []

    def installs() -> None:
        try:
            install(postgres)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=installs) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    install(postgres)
    with postgres.connect() as connection:
        (status,) = leases.build_statuses(connection)
    assert (status.name, status.version, status.position, status.state) == ("tallies", 1, 0, "live")


def test_a_fenced_projector_sends_no_row(log: Log) -> None:
    """The answer to the compare-and-set is waited for before anything else is sent."""
    sent: list[str] = []
    stale = (10, TALLIES.name, 1, 0, 99)
    with log.database.connect_projector() as connection, pytest.raises(Fenced):
        LIVE_PATH.commit(connection, stale, lambda: sent.append("rows"))
    assert sent == []
    assert position(log.database) == 0
