"""Histories to verify: one in memory, and one on PostgreSQL that every test gets a copy of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.findings import Anchor, Finding
from oms_ledger.audit.verify.report import VerificationReport
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log import codec
from oms_ledger.engine.rebuild import operations
from oms_ledger.kernel import Recorded
from oms_ledger.testing import MemoryLedger, replace
from tests import server as tests_server
from tests import templates
from tests.audit.ledger import superuser
from tests.audit.seal import seal
from tests.database_reset import Databases
from tests.databases import Database
from tests.history.shop import RandomShop

STEPS = 400

History = Callable[[int], Sequence[StoredEvent]]


@pytest.fixture(scope="session")
def history() -> History:
    """The stored events of a random shop; the same for the same seed."""
    made: dict[int, Sequence[StoredEvent]] = {}

    def of(seed: int) -> Sequence[StoredEvent]:
        if seed not in made:
            made[seed] = _played(seed)
        return made[seed]

    return of


def _played(seed: int) -> Sequence[StoredEvent]:
    with MemoryLedger() as ledger:
        shop = RandomShop(seed, lambda c: ledger.execute(c).answer, lambda: ledger.now)
        for _ in range(STEPS):
            ledger.now += timedelta(minutes=7)
            shop.step()
        return stored(ledger.history())


def stored(history: Sequence[Recorded]) -> list[StoredEvent]:
    """Events as the log holds them."""
    return [
        StoredEvent(
            r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
        )
        for r in history
    ]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed ledger of a shop, with read models up to date, and an anchor of its head."""

    oms: Oms
    database: Database
    anchor: Anchor
    head: int

    def report(self, options: VerificationOptions | None = None) -> VerificationReport:
        """The report of a verification; by default of log and tree, against the anchor."""
        given = options or VerificationOptions(read_models=False, anchors=[self.anchor])
        return self.oms.audit.verify(given)

    def verify(self, options: VerificationOptions | None = None) -> dict[str, list[Finding]]:
        """The findings of the report, by kind."""
        by_kind: dict[str, list[Finding]] = {}
        for each in self.report(options).findings:
            by_kind.setdefault(each.kind, []).append(each)
        return by_kind

    def kept(self) -> dict[str, Any]:
        """The report that is kept in the ledger."""
        kept = self.oms.audit.last_verification()
        assert kept is not None
        return kept

    @contextmanager
    def tampering(self) -> Generator[Connection]:
        """A connection that may change everything in the database."""
        with superuser(self.database) as owner:
            yield owner

    def position_of(self, kind: str, nth: int = 3) -> int:
        """The position of the nth event of a type."""
        positions = [r.position for r in self.oms.readers.log().events(0, 10_000, [kind])]
        return positions[nth]


@pytest.fixture(scope="session")
def shops(server: str, ready_template: str) -> tuple[Databases, Path]:
    """Databases with a sealed shop, and the folder with its key."""
    folder = tests_server.folder() / "sealed"

    def fill(url: str) -> None:
        settings = replace(templates.settings(url), data_dir=folder)
        with open_prepared(settings) as oms:
            shop = RandomShop(
                1, lambda c: oms.execute(c, actor="clerk").answer, lambda: datetime.now(UTC)
            )
            for n in range(STEPS):
                shop.step()
                if n == STEPS // 2:
                    seal(oms)
            seal(oms)
            oms.catch_up()

    return Databases(server, templates.made(server, "sealed", ready_template, fill)), folder


@pytest.fixture
def sealed(shops: tuple[Databases, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sealed]:
    """A copy of the shop for one test. No time is spent waiting for workers."""
    monkeypatch.setattr(operations, "LEAVE_TO_WORKERS_SECONDS", 0.0)
    databases, folder = shops
    with databases.lend() as database:
        settings = replace(database.settings, data_dir=folder)
        with open_prepared(settings) as oms:
            newest = Prover(oms.audit.tree()).checkpoint()
            yield Sealed(oms, database, Anchor("the safe", newest.note), newest.size)
