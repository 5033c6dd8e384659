"""The read models folded by several processes, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from oms_ledger.engine.db import pool
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild.operations import Rebuilds
from oms_ledger.testing import recorded
from oms_projections import PROJECTIONS
from tests.databases import Database
from tests.projections.conftest import append, install
from tests.projections.histories import Shop
from tests.tiers import others_long

EVENTS = 3000
"""More than processes are started for."""


@pytest.mark.parametrize("jobs", others_long([2, 3]))
def test_builds_of_several_processes_equal_the_live_ones(postgres: Database, jobs: int) -> None:
    history = recorded(Shop(jobs).play(EVENTS))
    install(postgres)
    append(postgres, history)
    with Projector(postgres.connect_projector, PROJECTIONS) as projector:
        projector.catch_up(history[-1].position, timeout_seconds=60)
    timeouts = pool.Timeouts.of(postgres.settings, Role.PROJECTOR)
    connect = pool.Connector(postgres.url, postgres.schema, Role.PROJECTOR, timeouts)
    rebuilds = Rebuilds(connect, lambda: pool.owner(postgres.url, postgres.schema), PROJECTIONS)
    positions = set[int]()
    requested = rebuilds.request([model.name for model in PROJECTIONS])
    rebuilds.complete(
        requested, lambda now: positions.update(build.position for build in now), jobs
    )
    assert max(positions) == history[-1].position
    for build in requested:
        with rebuilds.comparison(build.name, build.number) as compared:
            assert list(compared.differences()) == []
