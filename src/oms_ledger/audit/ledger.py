"""The audit of one ledger: its tree, its sealer, its receipts and verification reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from oms_ledger.audit import postgres
from oms_ledger.audit.anchors.schedule import AnchorSchedule
from oms_ledger.audit.anchors.store import AnchorStore
from oms_ledger.audit.postgres import StoredReceipt
from oms_ledger.audit.tree import keys
from oms_ledger.audit.tree.postgres import PostgresTree
from oms_ledger.audit.tree.sealer import Sealer
from oms_ledger.audit.verify import whole
from oms_ledger.audit.verify.ports import CatchUp, Progress, VerificationPorts
from oms_ledger.audit.verify.report import VerificationReport
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild.operations import Rebuilds
from oms_ledger.kernel import Json
from oms_ledger.settings import Settings


class LedgerAudit:
    """`lend` lends a connection of a role; `exclusive` holds the lock of a job, and yields whether
    it was free. Used by any number of threads; a tree or sealer that it
    gives is for one thread."""

    def __init__(
        self,
        settings: Settings,
        lend: Callable[[Role], AbstractContextManager[Connection]],
        exclusive: Callable[[str], AbstractContextManager[bool]],
        readers: Readers,
        rebuilds: Rebuilds,
        catch_up: CatchUp,
    ) -> None:
        self._settings = settings
        self._lend = lend
        self._exclusive = exclusive
        self._readers = readers
        self._rebuilds = rebuilds
        self._catch_up = catch_up

    def tree(self) -> PostgresTree:
        """The Merkle tree over the log, with the rights to read it."""
        return PostgresTree(partial(self._lend, Role.READER))

    def writable_tree(self) -> PostgresTree:
        """The Merkle tree over the log, with the rights to seal."""
        return PostgresTree(partial(self._lend, Role.SEALER))

    def sealer(self) -> Sealer:
        """A sealer of this ledger; one in all processes seals at a time."""
        return Sealer(
            self.writable_tree(),
            self._settings.ledger,
            self.signing_key_file,
            exclusive=partial(self._exclusive, "sealer"),
        )

    def anchor_schedule(self, stores: Sequence[AnchorStore]) -> AnchorSchedule:
        """Keeps the newest checkpoint in these stores, in one process at a time."""
        return AnchorSchedule(self.tree(), stores, exclusive=partial(self._exclusive, "anchors"))

    def signing_key_file(self, ledger_id: str) -> Path:
        """The path of the private key that signs for a ledger of this id."""
        settings = self._settings
        return keys.file_for(
            settings.signing_key_file, settings.data_dir, settings.ledger, ledger_id
        )

    def receipts(self) -> Iterator[StoredReceipt]:
        """All receipts, in order of scope and key, read in pages."""
        return postgres.receipts(partial(self._lend, Role.SEALER))

    def verify(
        self, options: whole.VerificationOptions, progress: Progress = lambda step, done, of: None
    ) -> VerificationReport:
        """Verify the ledger: see `audit.verify.whole.verify`."""
        ports = VerificationPorts(
            self._settings.ledger,
            self.tree(),
            self.signing_key_file,
            self.receipts,
            self._readers,
            self._rebuilds,
            self._catch_up,
            self._keep_report,
        )
        return whole.verify(ports, options, progress)

    def last_verification(self) -> dict[str, Any] | None:
        """The report of the newest verification of the whole ledger; None before the first."""
        with self._lend(Role.READER) as connection:
            return postgres.newest(connection)

    def _keep_report(self, report: Mapping[str, Json], *, ok: bool) -> None:
        with self._lend(Role.SEALER) as connection:
            postgres.keep(connection, report, ok=ok)
