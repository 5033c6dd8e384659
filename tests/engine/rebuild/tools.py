"""The operations on builds of one database, for tests: install, fold, build, compare, read."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager

from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.projector import FoldPath, Projector
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.rebuild.builder import new_builder
from oms_ledger.engine.rebuild.builds import BuildRecord
from oms_ledger.engine.rebuild.compare import RowDifference
from oms_ledger.engine.rebuild.operations import Rebuilds, nothing_to_prepare
from oms_ledger.engine.rebuild.parts import PartPool
from oms_ledger.kernel import ReadModel
from tests.databases import Database
from tests.engine.project.tallies import TALLIES


class ReadModelTools:
    """Operations on the builds of a database, with the code of these models."""

    def __init__(self, database: Database, *models: ReadModel) -> None:
        self.database = database
        self.models: Sequence[ReadModel] = models or (TALLIES,)

    def owner(self) -> AbstractContextManager[Connection]:
        return pool.owner(self.database.url, self.database.schema)

    @property
    def rebuilds(self) -> Rebuilds:
        return Rebuilds(self.database.connect_projector, self.owner, self.models)

    def builder(
        self,
        page_events: int = 20_000,
        lease_seconds: float = 10.0,
        path: FoldPath | None = None,
    ) -> Projector:
        return new_builder(
            self.database.connect_projector,
            self.owner,
            self.models,
            page_events=page_events,
            lease_seconds=lease_seconds,
            path=path,
        )

    def part_pool(self, jobs: int) -> PartPool:
        """Processes that fold a part of the streams each; for `parts_path`."""
        connect = self.database.connect_projector
        return PartPool(connect, self.models, jobs, nothing_to_prepare)

    def install(self) -> None:
        with self.owner() as owner:
            for model in self.models:
                builds.install(owner, model)

    def fold_live(self, target: int) -> None:
        """Fold the live builds up to a position."""
        with Projector(self.database.connect_projector, self.models) as projector:
            projector.catch_up(target, timeout_seconds=30)

    def build(self, page_events: int = 20_000) -> None:
        """Fold all that is building to the end of the log, and make its indexes."""
        with self.builder(page_events) as builder:
            while builder.step():
                pass

    def builds(self, name: str = TALLIES.name) -> list[BuildRecord]:
        with self.owner() as owner:
            return builds.list_builds(owner, name)

    def states(self, name: str = TALLIES.name) -> dict[int, str]:
        return {build.number: build.state for build in self.builds(name)}

    def differences(self, name: str = TALLIES.name, *ignoring: str) -> list[RowDifference]:
        with self.rebuilds.comparison(name, ignoring=ignoring) as comparison:
            return list(comparison.differences())


@contextmanager
def open_readers(database: Database, *models: ReadModel) -> Generator[Readers]:
    connections = pool.open_pool(database.url, database.schema, max_size=8)
    readers = Readers(connections, models or (TALLIES,))
    try:
        yield readers
    finally:
        readers.close()
        connections.close()
